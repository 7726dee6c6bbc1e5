import { tagProblems } from "./rules.ts";

type Json = Readonly<Record<string, unknown>>;

/** Logic Apps, Consumption: "Schema reference for trigger and action types", "Limits and configuration". */
export function workflowProblems(name: string, body: unknown): readonly string[] {
  const found: string[] = [];
  const say = (holds: boolean, problem: string): void => void (holds || found.push(problem));
  const { location, tags, identity, properties } = (body ?? {}) as Body;
  say(/^[A-Za-z0-9._()-]{1,43}$/.test(name), `the name ${name}`);
  say(typeof location === "string" && location !== "", "location is required");
  found.push(...tagProblems(tags));
  const { definition, state } = properties ?? {};
  say(state === "Enabled" || state === "Disabled", `state ${state}`);
  say(/schemas\/2016-06-01\/workflowdefinition\.json#$/.test(String(definition?.$schema)), "$schema is required");
  say(typeof definition?.contentVersion === "string", "contentVersion is required");
  const triggers = Object.entries(definition?.triggers ?? {});
  say(triggers.length >= 1 && triggers.length <= 10, `${triggers.length} triggers`);
  for (const [key, trigger] of triggers) found.push(...triggerProblems(key, trigger));
  const identities = Object.keys(identity?.userAssignedIdentities ?? {});
  found.push(...actionProblems(definition?.actions ?? {}, identities));
  return found;
}

interface Body {
  readonly location?: unknown;
  readonly tags?: unknown;
  readonly identity?: { readonly userAssignedIdentities?: Json };
  readonly properties?: {
    readonly state?: unknown;
    readonly definition?: {
      readonly $schema?: unknown;
      readonly contentVersion?: unknown;
      readonly triggers?: Readonly<Record<string, Trigger>>;
      readonly actions?: Readonly<Record<string, Action>>;
    };
  };
}

export interface Trigger {
  readonly type?: string;
  readonly recurrence?: {
    readonly frequency?: string;
    readonly interval?: unknown;
    readonly timeZone?: string;
    readonly startTime?: string;
    readonly schedule?: {
      readonly hours?: readonly number[];
      readonly minutes?: readonly number[];
      readonly weekDays?: readonly string[];
      readonly monthDays?: readonly number[];
    };
  };
  readonly conditions?: readonly { readonly expression?: string }[];
}

export interface Action {
  readonly type?: string;
  readonly runAfter?: Readonly<Record<string, readonly string[]>>;
  readonly inputs?: Json;
  readonly actions?: Readonly<Record<string, Action>>;
  readonly else?: { readonly actions?: Readonly<Record<string, Action>> };
  readonly expression?: unknown;
  readonly foreach?: unknown;
  readonly limit?: { readonly timeout?: string };
}

function triggerProblems(key: string, { type, recurrence, conditions = [] }: Trigger): readonly string[] {
  const found: string[] = [];
  const say = (holds: boolean, problem: string): void => void (holds || found.push(`${key}: ${problem}`));
  if (type === "Request") return [];
  say(type === "Recurrence", `type ${type}`);
  const { frequency, interval, timeZone, startTime = "", schedule = {} } = recurrence ?? {};
  say(/^(Day|Week|Month)$/.test(frequency ?? ""), `frequency ${frequency}`);
  say(Number.isInteger(interval) && Number(interval) > 0, `interval ${interval}`);
  say(typeof timeZone === "string", "a time zone");
  // Without a start time it runs at once; with a Z the zone is ignored; without minutes it takes those of the save.
  say(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(startTime), `startTime ${startTime}`);
  const { hours, minutes, weekDays, monthDays } = schedule;
  say(isList(hours, 0, 23), `hours ${hours}`);
  say(isList(minutes, 0, 59), `minutes ${minutes}`);
  say((weekDays !== undefined) === (frequency === "Week"), "weekDays with Week and only then");
  say((monthDays !== undefined) === (frequency === "Month"), "monthDays with Month and only then");
  say(monthDays === undefined || isList(monthDays, 1, 31), `monthDays ${monthDays}`);
  for (const day of weekDays ?? []) say(/^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$/.test(day), `weekDays ${day}`);
  for (const { expression = "" } of conditions)
    say(expression.startsWith("@") && expression.length <= 8192, `condition ${expression}`);
  return found;
}

function isList(values: readonly number[] | undefined, min: number, max: number): boolean {
  return (
    (values?.length ?? 0) > 0 &&
    values?.every((value) => Number.isInteger(value) && value >= min && value <= max) === true
  );
}

function actionProblems(actions: Readonly<Record<string, Action>>, identities: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const [key, action] of Object.entries(actions)) {
    const say = (holds: boolean, problem: string): void => void (holds || found.push(`${key}: ${problem}`));
    say(/^(Http|If|Query|Foreach|Terminate)$/.test(action.type ?? ""), `type ${action.type}`);
    for (const before of Object.keys(action.runAfter ?? {}))
      say(before in actions, `runs after ${before}, which is not there`);
    if (action.type === "Http") {
      const { method, uri, authentication } = (action.inputs ?? {}) as {
        method?: string;
        uri?: string;
        authentication?: Json;
      };
      say(/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method ?? ""), `method ${method}`);
      say(/^https?:\/\//.test(uri ?? ""), `uri ${uri}`);
      const identity = authentication?.["identity"];
      if (authentication !== undefined)
        say(identities.includes(String(identity)), `identity ${identity} is not the workflow's`);
      const seconds = /^PT(\d+)S$/.exec(action.limit?.timeout ?? "PT120S")?.[1];
      say(Number(seconds) <= 120, `timeout ${action.limit?.timeout}`);
    }
    found.push(
      ...actionProblems(action.actions ?? {}, identities),
      ...actionProblems(action.else?.actions ?? {}, identities),
    );
  }
  return found;
}
