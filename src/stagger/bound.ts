import { BLOCK_MINUTES, type Board } from "./board.ts";
import { type Scale, WEEK_BLOCKS, type Weights } from "./weigh.ts";

/** What no schedule can go below, and the weights that prove it. */
export interface Bound {
  /** In thousandths of the pool's unit. */
  readonly value: number;
  readonly weights: Weights;
}

/** Rounds of improvement: counted, so that every machine stops at the same place. */
const ROUNDS = 6;
/** A peak this far over the bound asks for a closer look at the bound. */
const WIDE_GAP = 1.05;
/** Rounds of the closer look, and how many of them without gain shorten its steps. */
const CLIMBS = 30;
const MOST_IDLE = 6;
const HOUR_BLOCKS = 60 / BLOCK_MINUTES;

/** The bound of equal weights: the mean load of the week. */
export function meanBound(scale: Scale): Bound {
  const weights = hours(scale.halves, () => 1);
  return { value: scale.bound(weights), weights };
}

/**
 * Improves a bound by multiplicative steps: where the cheapest answer of all tasks piles up, the weight grows.
 * A standing week shows where to begin: only the hours near its peak can carry weight.
 */
export function improveBound(scale: Scale, from: Bound, standing: readonly Board[]): Bound {
  let best = from;
  const loads = standing.flatMap((board) => hourly(board.folded, BLOCK_MINUTES * HOUR_BLOCKS));
  const peak = Math.max(...loads);
  for (const near of [0.99, 0.95, 0.85]) {
    const weights = hours(scale.halves, (hour) => ((loads[hour] ?? 0) >= near * peak ? 1 : 0));
    const value = scale.bound(weights);
    if (value > best.value) best = { value, weights };
  }
  const even = 0.1 / (scale.halves * WEEK_BLOCKS);
  let weights: Weights = best.weights.map((weight) => 0.9 * weight + even);
  for (let round = 0; round < ROUNDS; round++) {
    const { bound, load } = scale.answer(weights);
    if (bound > best.value) best = { value: bound, weights };
    const answer = hourly(load, HOUR_BLOCKS);
    const rate = 0.6 / (1 + round / 3);
    const old = weights;
    weights = hours(scale.halves, (hour) => {
      const pull = ((answer[hour] ?? 0) - bound) / Math.max(bound, 1);
      return (old[hour * HOUR_BLOCKS] ?? 0) * (1 + rate * Math.max(-0.9, Math.min(1, pull)));
    });
  }
  return peak > WIDE_GAP * best.value ? climb(scale, best, peak) : best;
}

/**
 * Subgradient steps (Polyak's length, towards halfway between the bound and the peak that was found), each in the mean of
 * the last few directions, since one answer alone swings from hour to hour. After rounds without gain the steps get
 * shorter and begin at the best weights again.
 */
function climb(scale: Scale, from: Bound, peak: number): Bound {
  const count = from.weights.length / HOUR_BLOCKS;
  let best = from;
  let weights = hourly(from.weights, HOUR_BLOCKS).map((weight) => weight * HOUR_BLOCKS);
  let standing = weights;
  let direction = new Array<number>(count).fill(0);
  let length = 0.3;
  let idle = 0;
  for (let round = 0; round < CLIMBS; round++) {
    const spread = hours(scale.halves, (hour) => weights[hour] ?? 0);
    const { bound, load } = scale.answer(spread);
    if (bound > best.value) {
      best = { value: bound, weights: spread };
      standing = weights;
      idle = 0;
    } else if (++idle === MOST_IDLE) {
      if (best === from) break;
      length *= 0.6;
      idle = 0;
      weights = standing;
      direction = direction.fill(0);
    }
    const answer = hourly(load, HOUR_BLOCKS);
    const mean = answer.reduce((sum, each) => sum + each, 0) / count;
    direction = direction.map((old, hour) => 0.7 * old + 0.3 * ((answer[hour] ?? 0) - mean));
    const square = direction.reduce((sum, each) => sum + each * each, 0);
    if (square === 0) break;
    const step = (length * ((best.value + peak) / 2 - bound)) / square;
    weights = onSimplex(weights.map((weight, hour) => weight + step * (direction[hour] ?? 0)));
  }
  return best;
}

/** The nearest weights that are not negative and sum to 1. */
function onSimplex(weights: readonly number[]): number[] {
  const sorted = [...weights].sort((a, b) => b - a);
  let sum = 0;
  let over = 0;
  for (const [k, weight] of sorted.entries()) {
    sum += weight;
    const excess = (sum - 1) / (k + 1);
    if (weight > excess) over = excess;
  }
  return weights.map((weight) => Math.max(0, weight - over));
}

/** Weights that are alike within each hour of each half's week, scaled to sum 1. */
export function hours(halves: number, weightOf: (hour: number) => number): Weights {
  const weights = new Float64Array(halves * WEEK_BLOCKS);
  let total = 0;
  for (let hour = 0; hour < weights.length / HOUR_BLOCKS; hour++) {
    const weight = weightOf(hour);
    weights.fill(weight, hour * HOUR_BLOCKS, (hour + 1) * HOUR_BLOCKS);
    total += weight * HOUR_BLOCKS;
  }
  return total > 0 ? weights.map((weight) => weight / total) : weights;
}

function hourly(load: ArrayLike<number>, perHour: number): number[] {
  const means = new Array<number>(load.length / perHour).fill(0);
  for (let k = 0; k < load.length; k++) {
    const hour = Math.floor(k / perHour);
    means[hour] = (means[hour] ?? 0) + (load[k] ?? 0) / perHour;
  }
  return means;
}
