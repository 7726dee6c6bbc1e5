import type { FlexibleSchedule, Job, Schedule, ScheduleRules, Weekday, Window } from "../../../../src/model/index.ts";

export const RULES: ScheduleRules = {
  timezone: "UTC",
  dst: { gap: "shift", overlap: "first" },
  onHoliday: "skip",
  catchUp: { policy: "last", cap: 10 },
  overlap: "skip",
  after: [],
};

/** `days` as ISO weekdays, times as `HH:MM`; an end at or before the start lies on the next day. */
export function window(days: readonly number[], from: string, to: string): Window {
  const minute = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const startMinute = minute(from);
  const lengthMinutes = (minute(to) - startMinute + 1440) % 1440 || 1440;
  return { days: days as Weekday[], startMinute, lengthMinutes };
}

export const DAILY: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

export function flexible(part: Partial<FlexibleSchedule> = {}): FlexibleSchedule {
  return { ...RULES, kind: "flexible", period: "week", weeks: 1, times: 1, apartMinutes: 0, within: [], ...part };
}

export function makeJob(name: string, schedule: Schedule, part: Partial<Job> & { minutes?: number } = {}): Job {
  const { minutes, ...rest } = part;
  return {
    name,
    namespace: "test",
    environment: "prod",
    placement: "local",
    labels: {},
    workload: { kind: "process", command: ["true"], shell: false, cpu: 1, memoryBytes: 1, env: {}, secrets: {} },
    schedule,
    guard: { mode: "enforce", onBreach: "stop", protect: false, graceSeconds: 30, idleCpu: 0.02, costWarn: 0.8 },
    retry: { attempts: 1, backoffSeconds: 1, maxBackoffSeconds: 1 },
    expect: minutes === undefined ? {} : { durationSeconds: minutes * 60 },
    options: {},
    ...rest,
  };
}
