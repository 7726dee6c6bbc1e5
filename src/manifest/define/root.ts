import { z } from "zod";
import type { Budget, JsonObject, Money, NoticeKind } from "../../model/index.ts";
import { parseDuration, type UnitResult } from "../units.ts";
import { type JobLayer, job, jobLayer, LONGEST_JOB_NAME } from "./job.ts";
import { amount, choice, duration, flag, leaf, listOf, mapOf, name, percent, positive, text, whole } from "./leaf.ts";
import { readUrl } from "./workload.ts";

const NOTICES = ["stopped", "failed", "missed", "budget", "recovered", "problem"] as const;

export interface Root {
  readonly rota?: 1 | undefined;
  readonly namespace?: string | undefined;
  readonly timezone?: string | undefined;
  readonly currency?: string | undefined;
  readonly windows?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly calendars?:
    | Readonly<
        Record<string, { readonly holidays?: string | undefined; readonly skip?: readonly string[] | undefined }>
      >
    | undefined;
  readonly safety?:
    | {
        readonly maxStops?: number | undefined;
        readonly share?: number | undefined;
        readonly per?: number | undefined;
        readonly maxDeletes?: number | undefined;
      }
    | undefined;
  readonly notify?:
    | Readonly<
        Record<
          string,
          {
            readonly webhook?: string | undefined;
            readonly command?: readonly string[] | undefined;
            readonly on?: readonly NoticeKind[] | undefined;
            readonly allowPrivate?: boolean | undefined;
          }
        >
      >
    | undefined;
  readonly providers?: Readonly<Record<string, JsonObject>> | undefined;
  readonly environments?:
    | Readonly<
        Record<
          string,
          {
            readonly provider?: string | undefined;
            readonly deploy?: { readonly allow?: readonly string[] | undefined } | undefined;
          }
        >
      >
    | undefined;
  readonly pools?: Readonly<Record<string, { readonly capacity?: number | undefined }>> | undefined;
  readonly budgets?: Readonly<Record<string, BudgetLayer>> | undefined;
  readonly defaults?: JobLayer | undefined;
  readonly include?: readonly string[] | undefined;
  readonly jobs?: Readonly<Record<string, unknown>> | undefined;
}

export interface BudgetLayer {
  readonly match?: Budget["match"] | undefined;
  readonly per?: "day" | "week" | "month" | number | undefined;
  readonly limit?: Money | undefined;
  readonly warnAt?: readonly number[] | undefined;
  readonly atLimit?: "notify" | "hold" | "stop" | undefined;
}

const budget = z
  .strictObject({
    match: z
      .strictObject({
        team: text("Jobs of this team.").optional(),
        job: text("This job.").optional(),
        provider: text("Jobs on this placement.").optional(),
        environment: text("Jobs in this environment.").optional(),
        costCenter: text("Jobs of this cost centre.").optional(),
        labels: mapOf(
          text("A label."),
          z.string() as unknown as z.ZodType<string, unknown>,
          "Jobs with these labels.",
        ).optional(),
      })
      .meta({ description: "What counts; all conditions must hold. Default: everything." })
      .optional(),
    per: leaf<"day" | "week" | "month" | number>(readPer, {
      type: "string",
      description: "`day`, `week`, `month` (calendar, UTC), or a rolling window like `30d`. Default month.",
      examples: ["month", "30d"],
    }).optional(),
    limit: amount("The budget.", "400 USD"),
    warnAt: listOf(
      percent("A share of the limit.", "80%"),
      "Shares at which a notice goes out. Default 80%.",
      0,
    ).optional(),
    atLimit: choice(
      ["notify", "hold", "stop"],
      "`hold` pauses schedules, `stop` ends runs too. Default notify.",
    ).optional(),
  })
  .meta({ description: "A sum of money that a group of jobs may cost." });

const windowText = text("`DAYS HH:MM-HH:MM`; DAYS is daily, Mon, Mon-Fri or Sat,Sun. May cross midnight.");
const described = <T>(schema: z.ZodType<T>): z.ZodType<T, unknown> => schema as unknown as z.ZodType<T, unknown>;

const frame = {
  rota: leaf<1>(readVersion, { type: "integer", enum: [1], description: "Version of the manifest's form: 1." }),
  namespace: name("The ownership mark on everything that rota creates."),
  timezone: text("IANA zone, the default for every job. Default UTC.").optional(),
  currency: text("The one currency of all amounts, ISO 4217. Default USD.").optional(),
  windows: mapOf(
    name("The window's name."),
    described(
      z
        .preprocess((input) => (typeof input === "string" ? [input] : input), listOf(windowText, "Windows."))
        .meta({ shorthand: { type: "string" }, description: "One window, or a list of them." }),
    ),
    "Names for parts of the week.",
  ).optional(),
  calendars: mapOf(
    name("The calendar's name."),
    described(
      z
        .strictObject({
          holidays: text("A country, state or region: CA, CA-ON, US-CA-LA.").optional(),
          skip: listOf(text("A date, 2026-12-24."), "More days, as local dates.").optional(),
        })
        .meta({ description: "Days on which jobs do something else." }),
    ),
    "Names for sets of days; a job names one in `schedule.calendar`.",
  ).optional(),
  safety: z
    .strictObject({
      maxStops: whole(0, 100_000, "Runs that the guard may stop in `per`. Default 10.").optional(),
      share: percent("Share of the runs in flight; the larger of the two counts. Default 10%.", "10%").optional(),
      per: duration("The time that `maxStops` and `share` are counted over. Default 15m.", "15m").optional(),
      maxDeletes: percent("Share of what is deployed that one apply may delete. Default 10%.", "10%").optional(),
    })
    .meta({ description: "Past these, rota waits for a person." })
    .optional(),
  notify: mapOf(
    name("The channel's name."),
    described(
      z
        .strictObject({
          webhook: leaf(readUrl, {
            type: "string",
            format: "uri",
            description: "POST a JSON notice there (Slack reads it).",
          }).optional(),
          command: listOf(
            text("An argument."),
            "A program and its arguments; the notice comes on standard input.",
          ).optional(),
          on: listOf(choice(NOTICES, "A kind of notice."), "What to tell. Default: everything.").optional(),
          allowPrivate: flag("Let the webhook be on a private or loopback address. Default false.").optional(),
        })
        .meta({ description: "A channel: exactly one of `webhook` and `command`." }),
    ),
    "Who hears of what.",
  ).optional(),
  providers: mapOf(
    name("The placement's name."),
    described(
      z
        .looseObject({ type: text("The adapter: local, aws, azure or gcp. Default: the placement's name.").optional() })
        .meta({ description: "A configured provider; its adapter checks the rest." }),
    ) as unknown as z.ZodType<JsonObject, unknown>,
    "Placements: an account and region of a provider, under a name.",
  ).optional(),
  environments: mapOf(
    name("The environment's name."),
    described(
      z
        .strictObject({
          provider: text("A name from `providers`.").optional(),
          deploy: z
            .strictObject({
              allow: listOf(windowText, "Windows, by name or as text, in the manifest's zone.").optional(),
            })
            .meta({ description: "When `apply` may change it. Default: always." })
            .optional(),
        })
        .meta({ description: "A set of deployments: dev, prod." }),
    ),
    "The first one is what commands take without --env.",
  ).optional(),
  pools: mapOf(
    name("The pool's name."),
    described(
      z
        .strictObject({
          capacity: positive(1e12, "vCPU, or any unit the jobs' load is given in. Default: no cap.").optional(),
        })
        .meta({ description: "A capacity that jobs share." }),
    ),
    "What the stagger levels.",
  ).optional(),
  budgets: mapOf(
    name("The budget's name."),
    budget as unknown as z.ZodType<BudgetLayer, unknown>,
    "Budgets.",
  ).optional(),
  defaults: jobLayer.optional(),
  include: listOf(text("A pattern like teams/*.yaml, relative to this file."), "Files that hold jobs only.").optional(),
};

/** Everything but the jobs, which are read one by one; what is missing is said without giving up the rest. */
export const root: z.ZodType<Root> = z.strictObject({
  ...frame,
  rota: frame.rota.optional(),
  namespace: frame.namespace.optional(),
  jobs: z.record(z.string(), z.unknown()).optional(),
});

/** The whole, for the JSON Schema. */
export const manifestSchema: z.ZodType = z
  .strictObject({
    ...frame,
    jobs: mapOf(
      name("The job's name.", LONGEST_JOB_NAME),
      job as unknown as z.ZodType<JobLayer, unknown>,
      "The jobs.",
    ).optional(),
  })
  .meta({ title: "rota manifest", description: "Scheduled jobs, declared once for any cloud." });

/** An included file. */
export const included: z.ZodType<{ readonly jobs?: Readonly<Record<string, unknown>> | undefined }> = z.strictObject({
  jobs: z.record(z.string(), z.unknown()).optional(),
});

function readVersion(input: unknown): UnitResult<1> {
  if (input === 1) return { ok: true, value: 1 };
  const hint = "write rota: 1";
  return { ok: false, error: { code: "R1026", message: "this version of rota reads manifests of version 1", hint } };
}

function readPer(input: unknown): UnitResult<"day" | "week" | "month" | number> {
  if (input === "day" || input === "week" || input === "month") return { ok: true, value: input };
  const read = parseDuration(input);
  if (read.ok && read.value < 3600) {
    return { ok: false, error: { code: "R1030", message: "a budget's window is at least an hour" } };
  }
  if (read.ok || read.error.code === "R1034") return read;
  const hint = "write day, week, month, or a duration like 30d";
  return { ok: false, error: { code: "R1030", message: `${String(input)} is not a budget's period`, hint } };
}
