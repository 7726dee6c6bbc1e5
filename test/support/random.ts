import type { Random } from "../../src/model/index.ts";

/** A stream of chance that its seed determines wholly: the same seed gives the same numbers on every machine. */
export class SeededRandom implements Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  /** Uniform in [0, 1), with 32 bits: a Weyl sequence whose terms are mixed (the idea of SplitMix). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return mix(this.#state) / 2 ** 32;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items; throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return items[this.below(items.length)] as T;
  }

  /** A stream of its own for one purpose: numbers drawn here do not shift those drawn there. */
  fork(purpose: string): SeededRandom {
    let hash = mix(this.seed ^ 0x51ed270b);
    for (const character of purpose) hash = mix(hash ^ (character.codePointAt(0) ?? 0));
    return new SeededRandom(hash);
  }
}

/** A bijection of 32-bit numbers in which each bit of the input moves about half of the output. */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
