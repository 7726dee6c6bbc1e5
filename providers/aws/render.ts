import type { DesiredJob, Instant, Rendering } from "../../src/model/index.ts";
import { scheduleOf } from "./resources/schedule.ts";
import { translate } from "./translate/index.ts";
import { type Setting, workOf } from "./work/index.ts";

/** What a job becomes at AWS: what it needs first, then its schedules. Pure. */
export function render(desired: DesiredJob, setting: Setting, now: Instant): Rendering {
  const work = workOf(desired.job, setting);
  if (!work.ok) return refuse(work.reason, work.fix);
  const translation = translate(desired, now);
  if (!translation.ok) return refuse(translation.reason, translation.fix);
  const schedules = translation.natives.map((native) => scheduleOf(desired, native, work, setting));
  return {
    resources: [...work.needs, ...schedules],
    warnings: [...work.warnings, ...translation.warnings],
    differences: translation.differences,
  };
}

function refuse(reason: string, fix: string): Rendering {
  return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
}
