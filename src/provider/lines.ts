import type { Sample } from "../model/index.ts";

/** Lines this long are told apart by their beginning. */
const COMPARED_CHARACTERS = 512;

/** What a run wrote within a sample, line by line, for the guard's print-loop check. */
export class LineCount {
  readonly #counts = new Map<string, number>();
  #bytes = 0;
  #lines = 0;

  /** One line, without its end. */
  add(message: string): void {
    const line = message.slice(0, COMPARED_CHARACTERS);
    this.#counts.set(line, (this.#counts.get(line) ?? 0) + 1);
    this.#bytes += Buffer.byteLength(message) + 1;
    this.#lines += 1;
  }

  /** The fields of the sample that it makes. */
  summary(): Pick<Sample, "outputBytes" | "repeatingShare" | "repeatingLine"> {
    if (this.#lines === 0) return { outputBytes: 0 };
    const [line = "", most = 0] = [...this.#counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    return {
      outputBytes: this.#bytes,
      repeatingShare: (this.#lines - this.#counts.size) / this.#lines,
      ...(most > 1 ? { repeatingLine: line } : {}),
    };
  }
}
