import { atOrAfter, atOrBefore, type Interval } from "./interval.ts";

/** The earliest `times` starts that are `apart`, none before `notBefore`; undefined when they do not fit. */
export function packEarliest(
  allowed: readonly Interval[],
  times: number,
  apart: number,
  notBefore = 0,
): number[] | undefined {
  const starts: number[] = [];
  let next = notBefore;
  for (let k = 0; k < times; k++) {
    const start = atOrAfter(allowed, next);
    if (start === undefined) return undefined;
    starts.push(start);
    next = start + apart;
  }
  return starts;
}

/** The latest `times` starts that are `apart`, none after `notAfter`, ascending; undefined when they do not fit. */
export function packLatest(
  allowed: readonly Interval[],
  times: number,
  apart: number,
  notAfter: number = Number.POSITIVE_INFINITY,
): number[] | undefined {
  const starts: number[] = [];
  let next = notAfter;
  for (let k = 0; k < times; k++) {
    const start = atOrBefore(allowed, next);
    if (start === undefined) return undefined;
    starts.push(start);
    next = start - apart;
  }
  return starts.reverse();
}
