import { ProviderError } from "../../../src/provider/index.ts";
import { tagsOf } from "../naming.ts";
import type { World } from "./world.ts";

/** The log group of a namespace and environment: made with the first definition that writes to it. */
export class LogGroup {
  readonly #world: Pick<World, "api" | "owner" | "options">;
  #made: Promise<void> | undefined;

  constructor(world: Pick<World, "api" | "owner" | "options">) {
    this.#world = world;
  }

  /** Once for each opened placement. */
  ensure(name: string): Promise<void> {
    const made = this.#made ?? this.#create(name);
    this.#made = made;
    void made.catch(() => {
      this.#made = undefined;
    });
    return made;
  }

  async #create(logGroupName: string): Promise<void> {
    const { api, owner, options } = this.#world;
    const tags = Object.fromEntries(tagsOf(owner).map(({ key, value }) => [key, value]));
    try {
      await api.send("logs:CreateLogGroup", { logGroupName, tags });
    } catch (error) {
      if (error instanceof ProviderError && error.code === "exists") return;
      throw error;
    }
    await api.send("logs:PutRetentionPolicy", { logGroupName, retentionInDays: options.logRetentionDays });
  }
}
