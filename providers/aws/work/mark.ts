import type { Json, JsonObject } from "../../../src/model/index.ts";
import { isOwnedBy, type Owner, tagList, tagValue } from "../naming.ts";

/** What a start carries of whose it is, in whatever the service hands on to the run. */
export interface StartMark extends Owner {
  readonly job: string;
  /** The run's key, when rota started it. */
  readonly run?: string;
  /** RFC 3339. */
  readonly fire?: string;
  /** That the function's log tells of its runs: for the listing, which knows the schedules alone. */
  readonly runs?: "log";
}

const ARGUMENT = "--rota-";

/** As a member `rota` of an input in JSON: of a function's and a state machine's. */
export function markInput(input: JsonObject, mark: StartMark): JsonObject {
  return { ...input, rota: { ...mark } };
}

/** As arguments of a Glue job. */
export function markArguments(
  given: Readonly<Record<string, string>>,
  mark: StartMark,
): Readonly<Record<string, string>> {
  const own = Object.entries(mark).map(([name, value]) => [`${ARGUMENT}${name}`, String(value)]);
  return { ...given, ...Object.fromEntries(own) };
}

/** As the description of a pipeline's execution. */
export function markDescription(mark: StartMark): string {
  return `rota ${JSON.stringify(mark)}`;
}

export function readInput(text: string | undefined): StartMark | undefined {
  return markFrom(objectOf(parse(text))["rota"]);
}

export function readArguments(given: Readonly<Record<string, string>> | undefined): StartMark | undefined {
  const own = Object.entries(given ?? {}).filter(([name]) => name.startsWith(ARGUMENT));
  return markFrom(Object.fromEntries(own.map(([name, value]) => [name.slice(ARGUMENT.length), value])));
}

export function readDescription(text: string | undefined): StartMark | undefined {
  return text?.startsWith("rota {") ? markFrom(parse(text.slice("rota ".length))) : undefined;
}

/** The job that a schedule's call carries; undefined for a schedule that is not of this owner's making. */
export function markedJob(input: Json, owner: Owner): string | undefined {
  const call = objectOf(input);
  const tags = Array.isArray(call["Tags"]) ? call["Tags"] : tagList(objectOf(call["Tags"]) as Record<string, string>);
  if (isOwnedBy(owner, tags)) return tagValue(tags, "job");
  const [entry] = Array.isArray(call["Entries"]) ? (call["Entries"] as readonly Json[]) : [];
  const detail = objectOf(entry)["Detail"];
  const description = call["PipelineExecutionDescription"];
  const mark =
    markFrom(call["rota"]) ??
    readArguments(objectOf(call["Arguments"]) as Record<string, string>) ??
    (typeof detail === "string" ? readInput(detail) : undefined) ??
    (typeof description === "string" ? readDescription(description) : undefined);
  return mark && isOf(mark, owner) ? mark.job : undefined;
}

export function isOf(mark: StartMark, owner: Owner): boolean {
  return mark.namespace === owner.namespace && mark.environment === owner.environment;
}

function markFrom(value: Json | undefined): StartMark | undefined {
  const { namespace, environment, job, run, fire } = objectOf(value);
  if (typeof namespace !== "string" || typeof environment !== "string" || typeof job !== "string") return undefined;
  return {
    namespace,
    environment,
    job,
    ...(typeof run === "string" ? { run } : {}),
    ...(typeof fire === "string" ? { fire } : {}),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : {};
}

function parse(text: string | undefined): Json {
  try {
    return JSON.parse(text ?? "") as Json;
  } catch {
    return null;
  }
}
