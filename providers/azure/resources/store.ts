import { ProviderError } from "../../../src/provider/index.ts";
import type { Reading } from "../api/index.ts";
import { groupId, jobOf, resourceId } from "../naming.ts";
import { type Raw, readOnce, readSettled, type Signal, type World } from "./world.ts";

interface Type {
  readonly type: string;
  readonly version: string;
}

/** A resource of ours with its job; without `job`, one of our name that is not ours. */
interface Held<R> {
  readonly raw: R;
  readonly job: string | undefined;
}

/** Resources of one type in the group: read whole or not at all, written only over what was read. */
export class Store<R extends Raw> {
  readonly #world: World;
  readonly #type: Type;

  constructor(world: World, type: Type) {
    this.#world = world;
    this.#type = type;
  }

  /** All pages of the group's collection; what does not carry our mark is left out. */
  async list(signal: Signal): Promise<readonly { readonly raw: R; readonly job: string }[]> {
    const { api, owner, options } = this.#world;
    const { type, version } = this.#type;
    const all = await api.list<R>(`${groupId(options)}/providers/${type}?api-version=${version}`, signal);
    return all.flatMap((raw) => {
      const job = jobOf(owner, raw);
      return job === undefined ? [] : [{ raw, job }];
    });
  }

  async read(
    id: string,
    signal: Signal,
    /** Given: as it is now, whoever is at work on it. */
    as?: Reading,
  ): Promise<Held<R> | undefined> {
    const path = this.#path(id);
    const raw =
      as === undefined
        ? await readSettled<R>(this.#world, path, signal)
        : await readOnce<R>(this.#world.api, path, signal, as);
    return raw === undefined ? undefined : { raw, job: jobOf(this.#world.owner, raw) };
  }

  /** For a creation: what is there already and may be replaced; throws `exists`, or `denied` for somebody else's. */
  async vacant(id: string, signal: Signal, isReplaceable: (raw: R) => boolean): Promise<R | undefined> {
    const held = await this.read(id, signal);
    if (!held) return undefined;
    this.refuseForeign(held, id);
    if (isReplaceable(held.raw)) return held.raw;
    throw new ProviderError("exists", `${this.#type.type}/${id} exists already`);
  }

  refuseForeign(held: Held<R> | undefined, id: string): void {
    if (!held || held.job !== undefined) return;
    throw new ProviderError("denied", `${this.#type.type}/${id} is there and does not carry rota's tags`, {
      fix: "choose another namespace, or delete it if it is yours",
    });
  }

  /**
   * Writes over what was read and nothing else, by the ETag where the service has one, and follows the change to its
   * end. Where the answer was lost or an own repetition met what it had just made, what is there then decides.
   */
  async put(id: string, body: R, held: R | undefined, isWanted: (raw: R) => boolean, signal: Signal): Promise<R> {
    const condition =
      held === undefined ? { "if-none-match": "*" } : held.etag === undefined ? {} : { "if-match": held.etag };
    try {
      await this.#world.api.change(
        { method: "PUT", path: this.#path(id), body, headers: condition, repeatable: true, follow: true },
        signal,
      );
    } catch (error) {
      if (!(error instanceof ProviderError) || !/^(?:conflict|unavailable)$/.test(error.code) || signal?.aborted)
        throw error;
      const now = await this.read(id, signal);
      if (now?.job !== undefined && isWanted(now.raw) && isSameTagged(now.raw, body)) return now.raw;
      throw error;
    }
    const made = await this.read(id, signal);
    if (made) return made.raw;
    throw new ProviderError("unavailable", `${this.#type.type}/${id} was made, and cannot be read yet`);
  }

  async delete(held: R, signal: Signal): Promise<void> {
    const path = this.#path(held.name ?? "");
    const condition = held.etag === undefined ? {} : { headers: { "if-match": held.etag } };
    try {
      await this.#world.api.change({ method: "DELETE", path, ...condition, repeatable: true, follow: true }, signal);
    } catch (error) {
      // Sent again after a lost answer, or followed to where there is nothing any more.
      if (error instanceof ProviderError && error.code === "missing") return;
      if (
        error instanceof ProviderError &&
        error.code === "unavailable" &&
        !signal?.aborted &&
        (await this.read(held.name ?? "", signal)) === undefined
      )
        return;
      throw error;
    }
  }

  #path(id: string): string {
    return `${resourceId(this.#world.options, this.#type.type, id)}?api-version=${this.#type.version}`;
  }
}

function isSameTagged(a: Raw, b: Raw): boolean {
  const names = Object.keys(b.tags ?? {});
  return names.every((name) => a.tags?.[name] === b.tags?.[name]);
}
