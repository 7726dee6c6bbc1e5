import type {
  Budget,
  Calendar,
  Environment,
  NoticeKind,
  NotifyChannel,
  Placement,
  Pool,
  Safety,
  Window,
} from "../../model/index.ts";
import { checkRegion, parseDate } from "../../schedule/index.ts";
import type { Root } from "../define/root.ts";
import type { Path } from "../locate.ts";
import type { ManifestFile, Problem, Report } from "../report.ts";
import { resolveEnvironments, resolvePlacements } from "./environment.ts";
import { readWindow, textProblem, zoneProblem } from "./time.ts";

/** Everything of a manifest that is not a job, under its names. */
export interface Frame {
  readonly namespace: string;
  readonly timezone: string;
  readonly currency: string;
  readonly windows: ReadonlyMap<string, readonly Window[]>;
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly placements: ReadonlyMap<string, Placement>;
  /** In the order in which they are declared. */
  readonly environments: ReadonlyMap<string, Environment>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly budgets: readonly Budget[];
  readonly notify: ReadonlyMap<string, NotifyChannel>;
  readonly safety: Safety;
  /** Whether the declaration of a name (or of all of them) was refused: using it is no further mistake. */
  isRefused(key: "windows" | "calendars" | "providers" | "environments" | "pools" | "notify", name: string): boolean;
}

const ALL_NOTICES: readonly NoticeKind[] = ["stopped", "failed", "missed", "budget", "recovered", "problem"];
const CURRENCY = /^[A-Z]{3}$/;

export function resolveFrame(root: Root, broken: ReadonlySet<string>, file: ManifestFile, report: Report): Frame {
  const say = (path: Path, problem: Problem): void => report.add(file, path, problem);
  if (root.rota === undefined && !broken.has("rota")) {
    say([], { code: "R1026", message: "the manifest does not say its version", hint: "begin with rota: 1", at: "key" });
  }
  if (root.namespace === undefined && !broken.has("namespace")) {
    const hint = "a name of your own, the mark on all that rota creates";
    say([], { code: "R1021", message: 'the key "namespace" is missing', hint, at: "key" });
  }
  const zone = root.timezone === undefined ? undefined : zoneProblem(root.timezone);
  if (zone) say(["timezone"], zone);
  const currency = resolveCurrency(root.currency, say);
  const windows = resolveWindows(root, say);
  const placements = resolvePlacements(root, say);
  const safety = root.safety ?? {};
  return {
    namespace: root.namespace ?? "",
    timezone: zone ? "UTC" : (root.timezone ?? "UTC"),
    currency,
    windows,
    calendars: resolveCalendars(root, broken, say),
    placements,
    environments: resolveEnvironments(root, placements, windows, broken, say),
    pools: new Map(
      Object.entries(root.pools ?? {}).map(([name, { capacity }]) => [
        name,
        capacity === undefined ? { name } : { name, capacity },
      ]),
    ),
    budgets: resolveBudgets(root, currency, say),
    notify: resolveNotify(root, broken, say),
    safety: {
      maxStops: safety.maxStops ?? 10,
      share: safety.share ?? 0.1,
      perSeconds: safety.per ?? 900,
      maxDeletes: safety.maxDeletes ?? 0.1,
    },
    isRefused: (key, name) => broken.has(key) || broken.has(`${key}.${name}`),
  };
}

type Say = (path: Path, problem: Problem) => void;

function resolveCurrency(currency: string | undefined, say: Say): string {
  if (currency === undefined) return "USD";
  if (CURRENCY.test(currency) && Intl.supportedValuesOf("currency").includes(currency)) return currency;
  say(["currency"], {
    code: "R1032",
    message: `"${currency.slice(0, 20)}" is not a currency of ISO 4217`,
    hint: "like USD, EUR or CAD",
  });
  return "USD";
}

function resolveWindows(root: Root, say: Say): ReadonlyMap<string, readonly Window[]> {
  const windows = new Map<string, readonly Window[]>();
  const none = new Map<string, readonly Window[]>();
  for (const [name, texts] of Object.entries(root.windows ?? {})) {
    const list: Window[] = [];
    for (const [i, text] of texts.entries()) {
      const read = readWindow(text, none);
      if ("windows" in read) list.push(...read.windows.map((window) => ({ name, ...window })));
      else if (read.problem.code === "R1043") say(["windows", name, i], read.problem);
      else {
        const hint = 'write it like "Mon-Fri 06:00-12:00"';
        say(["windows", name, i], { code: "R1043", message: `"${text.slice(0, 60)}" is not a window`, hint });
      }
    }
    windows.set(name, list);
  }
  return windows;
}

function resolveCalendars(root: Root, broken: ReadonlySet<string>, say: Say): ReadonlyMap<string, Calendar> {
  const calendars = new Map<string, Calendar>();
  for (const [name, { holidays, skip = [] }] of Object.entries(root.calendars ?? {})) {
    for (const [i, date] of skip.entries()) {
      if (parseDate(date) !== undefined) continue;
      const hint = "write it like 2026-12-24";
      say(["calendars", name, "skip", i], { code: "R1044", message: `"${date.slice(0, 40)}" is not a date`, hint });
    }
    const region = holidays === undefined ? undefined : checkRegion(holidays);
    if (region?.ok === false) say(["calendars", name, "holidays"], textProblem("R1050", region.error));
    const lost = broken.has(`calendars.${name}.holidays`) || broken.has(`calendars.${name}.skip`);
    if (holidays === undefined && skip.length === 0 && !lost) {
      const message = `the calendar "${name}" names no day`;
      say(["calendars", name], { code: "R1021", message, hint: "give it `holidays` or `skip`", at: "key" });
    }
    const dates = skip.filter((date) => parseDate(date) !== undefined);
    const known = holidays !== undefined && region?.ok === true;
    calendars.set(name, known ? { name, skip: dates, holidays } : { name, skip: dates });
  }
  return calendars;
}

function resolveNotify(root: Root, broken: ReadonlySet<string>, say: Say): ReadonlyMap<string, NotifyChannel> {
  const channels = new Map<string, NotifyChannel>();
  for (const [name, { webhook, command, on, allowPrivate = false }] of Object.entries(root.notify ?? {})) {
    const lost = broken.has(`notify.${name}.webhook`) || broken.has(`notify.${name}.command`);
    if ((webhook === undefined) === (command === undefined) && !lost) {
      const message = `the channel "${name}" must have exactly one of webhook and command`;
      say(["notify", name], { code: "R1028", message, at: "key" });
    }
    channels.set(name, {
      name,
      ...(webhook === undefined ? {} : { webhook }),
      ...(command === undefined ? {} : { command }),
      on: [...new Set(on ?? ALL_NOTICES)],
      allowPrivate,
    });
  }
  return channels;
}

function resolveBudgets(root: Root, currency: string, say: Say): readonly Budget[] {
  const budgets: Budget[] = [];
  for (const [name, { match = {}, per = "month", limit, warnAt = [0.8], atLimit = "notify" }] of Object.entries(
    root.budgets ?? {},
  )) {
    const path = ["budgets", name];
    if (limit === undefined) continue;
    if (limit.currency !== currency) say([...path, "limit"], otherCurrency(limit.currency, currency));
    const unordered = warnAt.findIndex((share, i) => share <= (warnAt[i - 1] ?? -1));
    if (unordered > 0) {
      say([...path, "warnAt", unordered], {
        code: "R1025",
        message: "the shares of `warnAt` must rise",
        hint: "sort them",
      });
    }
    budgets.push({
      name,
      match,
      per: typeof per === "number" ? { rollingSeconds: per } : per,
      limit,
      warnAt: [...new Set(warnAt)].sort((a, b) => a - b),
      atLimit,
    });
  }
  return budgets;
}

export function otherCurrency(written: string, currency: string): Problem {
  return {
    code: "R1035",
    message: `${written}, but this manifest counts in ${currency}`,
    hint: `write the amount in ${currency}, or set currency: ${written}`,
  };
}
