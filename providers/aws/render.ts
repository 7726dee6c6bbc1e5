import type { DesiredJob, Instant, Rendering } from "../../src/model/index.ts";
import { scheduleOf } from "./resources/schedule.ts";
import { translate, translateUtc } from "./translate/index.ts";
import { eventsOf, jobOptionsOf, rulesOf, type Setting, type Work, workOf } from "./work/index.ts";

/** What a job becomes at AWS: what it needs first, then its schedules. Pure. */
export function render(desired: DesiredJob, setting: Setting, now: Instant): Rendering {
  const work = workOf(desired.job, setting);
  if (!work.ok) return refuse(work.reason, work.fix);
  const own = jobOptionsOf(desired.job, setting.options);
  if (own.ok && own.scheduler === "rules") return renderRules(desired, work, setting, now);
  const translation = translate(desired, now);
  if (!translation.ok) return refuse(translation.reason, translation.fix);
  const schedules = translation.natives.map((native) => scheduleOf(desired, native, work, setting));
  return {
    resources: [...work.needs, ...schedules, ...eventsOf(work.kind, setting)],
    warnings: [...work.warnings, ...translation.warnings],
    differences: translation.differences,
  };
}

/** By scheduled rules of EventBridge, where the schedule is the same in UTC. */
function renderRules(
  desired: DesiredJob,
  work: Extract<Work, { ok: true }>,
  setting: Setting,
  now: Instant,
): Rendering {
  const translation = translateUtc(desired, now);
  if (!translation.ok) return refuse(translation.reason, translation.fix);
  const made = rulesOf(desired, translation.natives, work, setting);
  if (!made.ok) return refuse(made.reason, made.fix);
  const resources = [...work.needs, ...made.rules, ...eventsOf(work.kind, setting)];
  return { resources, warnings: made.warnings, differences: [] };
}

function refuse(reason: string, fix: string): Rendering {
  return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
}
