import type { Schedule, ScheduleRules, Window } from "../../model/index.ts";
import { parseCron } from "../../schedule/index.ts";
import { FORM_KEYS, type ScheduleLayer } from "../define/schedule.ts";
import type { Path } from "../locate.ts";
import type { Problem } from "../report.ts";
import { checkFit } from "./fit.ts";
import type { Frame } from "./frame.ts";
import { unknownName } from "./names.ts";
import { readWindow, textProblem, zoneProblem } from "./time.ts";

type Say = (path: Path, problem: Problem) => void;
type Broken = (path: Path) => boolean;

const FORMS = ["cron", "at", "every"] as const;

/** The schedule as the model has it; undefined when it says no single form. Paths are relative to the schedule. */
export function resolveSchedule(
  layer: ScheduleLayer,
  frame: Frame,
  expectSeconds: number | undefined,
  say: Say,
  broken: Broken,
): Schedule | undefined {
  const rules = resolveRules(layer, frame, say);
  const forms = FORMS.filter((form) => layer[form] !== undefined);
  const form = forms[0];
  if (form === undefined) {
    if (!FORMS.some((key) => broken([key]))) {
      const hint = 'write "0 6 * * 1-5", { every: day } or manual';
      say([], { code: "R1049", message: "the schedule does not say when", hint, at: "key" });
    }
    return undefined;
  }
  const extra = forms[1];
  if (extra !== undefined) {
    const message = `"${form}" and "${extra}" are two forms of schedule`;
    say([extra], { code: "R1049", message, hint: "keep one of them", at: "key" });
    return undefined;
  }
  for (const key of FORM_KEYS.every) {
    if (form === "every" || layer[key] === undefined) continue;
    const hint = `"${key}" belongs to a schedule with "every"`;
    say([key], { code: "R1049", message: `"${key}" has no meaning beside "${form}"`, hint, at: "key" });
  }
  if (layer.cron !== undefined) return resolveCron(layer.cron, rules, say);
  if (layer.at !== undefined) return resolveAt(layer.at, rules, say);
  return resolveEvery(layer, rules, frame, expectSeconds, say);
}

function resolveRules(layer: ScheduleLayer, frame: Frame, say: Say): ScheduleRules {
  const zone = layer.timezone === undefined ? undefined : zoneProblem(layer.timezone);
  if (zone) say(["timezone"], zone);
  if (layer.start !== undefined && layer.end !== undefined && layer.start >= layer.end) {
    say(["end"], { code: "R1048", message: `the end is not after the start (${layer.start})` });
  }
  const calendar = layer.calendar === undefined ? undefined : frame.calendars.get(layer.calendar);
  if (layer.calendar !== undefined && calendar === undefined && !frame.isRefused("calendars", layer.calendar)) {
    say(["calendar"], unknownName("R1051", "calendar", layer.calendar, frame.calendars));
  }
  if (layer.onHoliday !== undefined && layer.calendar === undefined) {
    const problem: Problem = {
      code: "R1051",
      message: '"onHoliday" without a calendar does nothing',
      hint: "add calendar: NAME",
      at: "key",
      severity: "warning",
    };
    say(["onHoliday"], problem);
  }
  const policy = layer.catchUp?.policy ?? "last";
  return {
    timezone: zone || layer.timezone === undefined ? frame.timezone : layer.timezone,
    dst: { gap: layer.dst?.gap ?? "shift", overlap: layer.dst?.overlap ?? "first" },
    ...(layer.start === undefined ? {} : { start: layer.start }),
    ...(layer.end === undefined ? {} : { end: layer.end }),
    ...(calendar === undefined ? {} : { calendar }),
    onHoliday: layer.onHoliday ?? "skip",
    catchUp: { policy, cap: layer.catchUp?.cap ?? (policy === "all" ? 10 : 1) },
    overlap: layer.overlap ?? "skip",
    after: layer.after ?? [],
    ...(layer.differences === undefined ? {} : { differences: layer.differences }),
  };
}

function resolveCron(expression: string, rules: ScheduleRules, say: Say): Schedule | undefined {
  if (expression === "manual") return { kind: "manual", ...rules };
  const parsed = parseCron(expression);
  if (parsed.ok) return { kind: "cron", expression, ...rules };
  say(["cron"], textProblem("R1041", parsed.error));
  return undefined;
}

function resolveAt(times: readonly string[], rules: ScheduleRules, say: Say): Schedule {
  for (const [i, time] of times.entries()) {
    if (times.indexOf(time) < i) say(["at", i], { code: "R1044", message: `${time} is listed twice` });
    const outside = (rules.start !== undefined && time < rules.start) || (rules.end !== undefined && time >= rules.end);
    if (outside) {
      const message = `${time} lies outside \`start\` and \`end\`, and never fires`;
      say(["at", i], { code: "R1048", message, severity: "warning" });
    }
  }
  return { kind: "at", times: [...times].sort(), ...rules };
}

function resolveEvery(
  layer: ScheduleLayer,
  rules: ScheduleRules,
  frame: Frame,
  expectSeconds: number | undefined,
  say: Say,
): Schedule | undefined {
  const within = resolveWithin(layer.within ?? [], frame, say);
  const every = layer.every;
  if (every === undefined) return undefined;
  if (every[0] === "minutes") {
    for (const key of ["times", "apart", "by"] as const) {
      if (layer[key] === undefined) continue;
      const hint = "it belongs to every: day, week or month";
      say([key], { code: "R1049", message: `"${key}" has no meaning beside an interval`, hint, at: "key" });
    }
    return { kind: "interval", everyMinutes: every[1], within, ...rules };
  }
  const apartSeconds = layer.apart ?? 60;
  if (apartSeconds % 60 !== 0) {
    say(["apart"], {
      code: "R1046",
      message: "`apart` counts whole minutes",
      hint: `write ${Math.ceil(apartSeconds / 60)}m`,
    });
  }
  const schedule: Schedule = {
    kind: "flexible",
    period: every[0],
    weeks: every[0] === "week" ? every[1] : 1,
    times: layer.times ?? 1,
    apartMinutes: Math.ceil(apartSeconds / 60),
    within,
    ...(layer.by === undefined
      ? {}
      : { by: layer.by[0] === 0 ? { minute: layer.by[1] } : { weekday: layer.by[0], minute: layer.by[1] } }),
    ...rules,
  };
  checkFit(schedule, expectSeconds, say);
  return schedule;
}

function resolveWithin(texts: readonly string[], frame: Frame, say: Say): readonly Window[] {
  const within: Window[] = [];
  for (const [i, text] of texts.entries()) {
    const read = readWindow(text, frame.windows);
    if ("windows" in read) within.push(...read.windows);
    else if (!frame.isRefused("windows", text)) say(["within", i], read.problem);
  }
  return within;
}
