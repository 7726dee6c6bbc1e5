import { ianaOf, offsetAt } from "./windows.ts";

/** What an expression may ask for beside its own text. */
export interface Scope {
  readonly now: number;
  readonly body?: (action: string) => unknown;
  readonly outputs?: (action: string) => unknown;
  readonly item?: unknown;
}

type Function = (args: readonly unknown[], scope: Scope) => unknown;

/** The functions of Logic Apps' language that rota's workflows use ("Reference guide to workflow expression functions"). */
const FUNCTIONS: Readonly<Record<string, Function>> = {
  utcNow: (_args, { now }) => new Date(now).toISOString(),
  convertFromUtc: ([text, zone]) => localText(Date.parse(String(text)), String(zone)),
  addMinutes: ([text, minutes]) => iso(civil(text) + Number(minutes) * 60_000),
  formatDateTime: ([text, format]) => formatted(civil(text), String(format)),
  dayOfWeek: ([text]) => new Date(civil(text)).getUTCDay(),
  ticks: ([text]) => Date.parse(String(text)),
  createArray: (args) => args,
  contains: ([list, value]) => (list as readonly unknown[]).some((each) => each === value),
  not: ([value]) => value !== true,
  and: (args) => args.every((each) => each === true),
  equals: ([a, b]) => a === b,
  less: ([a, b]) => Number(a) < Number(b),
  greaterOrEquals: ([a, b]) => Number(a) >= Number(b),
  concat: (args) => args.map(String).join(""),
  body: ([action], { body }) => body?.(String(action)),
  outputs: ([action], { outputs }) => outputs?.(String(action)),
  item: (_args, { item }) => item,
  items: (_args, { item }) => item,
};

/** A value of a definition with its expressions worked out: `@…` whole, `@{…}` within text, `@@` for an `@`. */
export function resolved(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((each) => resolved(each, scope));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, scope)]));
  if (typeof value !== "string") return value;
  if (/^@(?![@{])/.test(value)) return evaluate(value.slice(1), scope);
  const text = value.replaceAll(/(?<!@)@\{((?:[^{}'"]|'[^']*')*)\}/g, (_all, inner: string) =>
    String(evaluate(inner, scope)),
  );
  return text.replace(/^@@(?!\{)/, "@").replaceAll("@@{", "@{");
}

type Compiled = (scope: Scope) => unknown;
const compiled = new Map<string, Compiled>();

/** Throws SyntaxError for what is no such expression. */
export function evaluate(text: string, scope: Scope): unknown {
  const known = compiled.get(text) ?? compile(text);
  compiled.set(text, known);
  return known(scope);
}

function compile(text: string): Compiled {
  const tokens = text.match(/'(?:[^']|'')*'|-?\d+(?:\.\d+)?|[A-Za-z]\w*|\?\[|[[\](),]/g) ?? [];
  if (tokens.join("").length !== text.replaceAll(/\s(?=(?:[^']*'[^']*')*[^']*$)/g, "").length)
    throw new SyntaxError(`cannot read the expression ${text}`);
  let at = 0;
  const take = (wanted?: string): string => {
    const token = tokens[at++];
    if (token === undefined || (wanted !== undefined && token !== wanted))
      throw new SyntaxError(`${wanted ?? "more"} is missing in ${text}`);
    return token;
  };
  const primary = (): Compiled => {
    const token = take();
    if (token.startsWith("'")) return constant(token.slice(1, -1).replaceAll("''", "'"));
    if (/^-?\d/.test(token)) return constant(Number(token));
    const apply = FUNCTIONS[token];
    if (!apply) throw new SyntaxError(`there is no function ${token} in ${text}`);
    take("(");
    const args: Compiled[] = [];
    while (tokens[at] !== ")") {
      args.push(value());
      if (tokens[at] === ",") take(",");
    }
    take(")");
    return (scope) =>
      apply(
        args.map((arg) => arg(scope)),
        scope,
      );
  };
  const value = (): Compiled => {
    let found = primary();
    while (tokens[at] === "?[" || tokens[at] === "[") {
      take();
      const [inner, key] = [found, value()];
      take("]");
      found = (scope) => (inner(scope) as Readonly<Record<string, unknown>> | undefined)?.[String(key(scope))];
    }
    return found;
  };
  const result = value();
  if (at !== tokens.length) throw new SyntaxError(`something is left over in ${text}`);
  return result;
}

function constant(value: unknown): Compiled {
  return () => value;
}

/** A date-time as if its clock were UTC: what such functions work on. */
function civil(text: unknown): number {
  return Date.parse(`${String(text).replace(/Z$/, "")}Z`);
}

function iso(at: number): string {
  return new Date(at).toISOString().replace("Z", "0000");
}

function localText(at: number, windows: string): string {
  return iso(at + offsetAt(at, ianaOf(windows)));
}

function formatted(at: number, format: string): string {
  const text = new Date(at).toISOString();
  if (format === "yyyy-MM-dd") return text.slice(0, 10);
  if (format === "MM") return text.slice(5, 7);
  throw new SyntaxError(`the format ${format} is not known here`);
}
