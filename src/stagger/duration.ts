import type { Job } from "../model/index.ts";

/** What a job is taken to last when nobody said, in minutes. */
export const DEFAULT_DURATION_MINUTES = 10;

/** The whole minutes a run is expected to last: `expect.duration`, rounded up, at least 1. */
export function expectedMinutes(job: Job): number {
  const seconds = job.expect.durationSeconds;
  return seconds === undefined ? DEFAULT_DURATION_MINUTES : Math.max(1, Math.ceil(seconds / 60));
}
