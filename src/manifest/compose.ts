import { EVENT_ID, type Event, getScalarValue, NOT_RESOLVED, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { CAPS, type ComposeProblem, readEvents, spanOf, startOf } from "./events.ts";
import { isChanged, resolvePlain, SCALAR_TAGS, type Value } from "./scalar.ts";
import type { Span } from "./source.ts";

export interface Composed {
  /** Undefined when the text is not YAML that we can use at all. */
  readonly value: Value | undefined;
  readonly problems: readonly ComposeProblem[];
}

/** Text → values, with every mistake that does not stop the reading collected. */
export function compose(text: string): Composed {
  const read = readEvents(text);
  if (!read.ok) return { value: undefined, problems: [read.problem] };
  return new Composer(text, read.events).run();
}

const READ: Event = { type: EVENT_ID.POP };

interface Anchor {
  readonly value: Value;
  readonly nodes: number;
}

class Composer {
  readonly #text: string;
  readonly #events: Event[];
  readonly #problems: ComposeProblem[] = [];
  readonly #anchors = new Map<string, Anchor>();
  readonly #open = new Set<string>();
  #next = 0;
  #nodes = 0;
  #aliases = 0;
  #expanded = 0;

  constructor(text: string, events: Event[]) {
    this.#text = text;
    this.#events = events;
  }

  run(): Composed {
    const first = this.#events[0];
    if (first?.type !== EVENT_ID.DOCUMENT) return this.#nothing();
    for (const directive of first.directives) {
      if (directive.kind === "tag") this.#add("R1010", { start: 0, end: 1 }, "%TAG directives are not allowed");
    }
    this.#next = 1;
    const value = this.#node();
    this.#next++;
    if (this.#next < this.#events.length) {
      const start = this.#secondDocument();
      this.#add(
        "R1007",
        { start, end: start + 3 },
        "a second document begins here",
        "a manifest is one document: put the rest into a file of its own and `include` it",
      );
    }
    if (value === null && this.#problems.length === 0) return this.#nothing();
    return { value, problems: this.#problems };
  }

  #nothing(): Composed {
    const hint = "`rota init` writes a first manifest";
    this.#add("R1008", { start: 0, end: 1 }, "there is nothing in this file", hint);
    return { value: undefined, problems: this.#problems };
  }

  /** The `---` (or the `%`) that opens the second document: the last separator before its first node. */
  #secondDocument(): number {
    for (let i = this.#next; i < this.#events.length; i++) {
      const start = startOf(this.#events[i]);
      if (start >= 0) {
        const dashes = this.#text.lastIndexOf("\n---", start);
        return dashes >= 0 ? dashes + 1 : start;
      }
    }
    const dashes = this.#text.lastIndexOf("\n---");
    return dashes >= 0 ? dashes + 1 : 0;
  }

  #node(): Value {
    const event = this.#events[this.#next];
    // An event is 100 bytes or more and is not needed again: the heap of a large file halves.
    if (event !== undefined) this.#events[this.#next] = READ;
    this.#next++;
    this.#nodes++;
    if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return null;
    if (event.type === EVENT_ID.ALIAS) return this.#alias(this.#text.slice(event.anchorStart, event.anchorEnd), event);
    const anchor = event.anchorStart < 0 ? undefined : this.#text.slice(event.anchorStart, event.anchorEnd);
    if (anchor === undefined) return this.#content(event);

    const before = this.#nodes + this.#expanded;
    this.#anchors.delete(anchor);
    this.#open.add(anchor);
    const value = this.#content(event);
    this.#open.delete(anchor);
    if (this.#anchors.size >= CAPS.anchors) this.#tooMuch(spanOf(event));
    else this.#anchors.set(anchor, { value, nodes: this.#nodes + this.#expanded - before + 1 });
    return value;
  }

  #content(
    event: Exclude<Event, { type: typeof EVENT_ID.POP | typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.ALIAS }>,
  ): Value {
    if (event.type === EVENT_ID.SCALAR) return this.#scalar(event);
    const tag = this.#tag(event);
    if (tag !== undefined && tag !== (event.type === EVENT_ID.SEQUENCE ? "seq" : "map")) this.#foreignTag(event, event);
    return event.type === EVENT_ID.SEQUENCE ? this.#sequence() : this.#mapping();
  }

  #sequence(): Value {
    const items: Value[] = [];
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) items.push(this.#node());
    this.#next++;
    return items;
  }

  #mapping(): Value {
    const map: Record<string, Value> = {};
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const keyEvent = this.#events[this.#next];
      const key = this.#key(keyEvent);
      const value = this.#node();
      if (key === undefined) continue;
      if (Object.hasOwn(map, key)) {
        this.#add("R1009", spanOf(keyEvent), `"${key}" is declared twice in this map`, "remove one of the two");
      } else map[key] = value;
    }
    this.#next++;
    return map;
  }

  /** The key's text, or undefined when it was refused (its value is read all the same). */
  #key(event: Event | undefined): string | undefined {
    if (event?.type !== EVENT_ID.SCALAR) {
      this.#node();
      this.#add("R1014", spanOf(event), "a key must be a text", "quote it when it begins with { [ * or &");
      return undefined;
    }
    // Only what YAML writes around a key needs the whole way: a key is its text, `007` and `null` too.
    if (event.anchorStart >= 0 || event.tagStart >= 0) this.#node();
    else this.#next++;
    if (event.style === SCALAR_STYLE.PLAIN && event.valueStart < 0) {
      this.#add("R1014", spanOf(event), "a key must be a text, this one is empty");
      return undefined;
    }
    const text = getScalarValue(this.#text, event);
    if (text === "__proto__") {
      this.#add("R1014", spanOf(event), '"__proto__" cannot be a key', "choose another name");
      return undefined;
    }
    if (text === "<<" && event.style === SCALAR_STYLE.PLAIN) {
      this.#add("R1018", spanOf(event), "merge keys (<<) are not YAML 1.2", "put what jobs share under `defaults`");
      return undefined;
    }
    return text;
  }

  #scalar(event: ScalarEvent): Value {
    const text = getScalarValue(this.#text, event);
    const tag = this.#tag(event);
    if (tag !== undefined) return this.#tagged(tag, text, event);
    if (event.style !== SCALAR_STYLE.PLAIN) return text;
    const value = resolvePlain(text);
    if (typeof value === "number" && !Number.isFinite(value)) {
      this.#add("R1019", spanOf(event), `${text} is not a number that can be used`, "quote it if it is a text");
      return text;
    }
    if (typeof value === "number" && isChanged(text, value)) {
      const message = `the number ${text} is read as ${value}`;
      const hint = `quote it to keep it as it is written: "${text}"`;
      this.#push({ code: "R1015", severity: "warning", span: spanOf(event), message, hint });
    }
    return value;
  }

  #tagged(tag: string, text: string, event: ScalarEvent): Value {
    if (tag === "str") return text;
    const definition = SCALAR_TAGS.get(tag);
    const value = definition?.resolve(text, true, definition.tagName);
    if (definition === undefined || value === NOT_RESOLVED) {
      this.#foreignTag(event, event);
      return text;
    }
    return value as Value;
  }

  #alias(name: string, event: Event): Value {
    const anchor = this.#anchors.get(name);
    const span = spanOf(event);
    if (anchor === undefined) {
      const recursive = this.#open.has(name);
      this.#add("R1011", span, recursive ? `*${name} stands inside itself` : `there is no anchor &${name} before this`);
      return null;
    }
    this.#aliases++;
    this.#expanded += anchor.nodes;
    if (this.#aliases <= CAPS.aliases && this.#expanded <= CAPS.expandedNodes) return anchor.value;
    this.#tooMuch(span);
    return null;
  }

  #tooMuch(span: Span): void {
    if (this.#problems.some(({ code }) => code === "R1013")) return;
    const message = `more than ${CAPS.anchors} anchors, ${CAPS.aliases} aliases, or ${CAPS.expandedNodes} values behind them`;
    this.#add("R1013", span, message, "put what jobs share under `defaults`");
  }

  /** The short name of a core tag, "?" for any other, undefined for none. */
  #tag(event: { readonly tagStart: number; readonly tagEnd: number }): string | undefined {
    if (event.tagStart < 0) return undefined;
    const raw = this.#text.slice(event.tagStart, event.tagEnd);
    if (raw === "!") return "type" in event && event.type === EVENT_ID.SCALAR ? "str" : undefined;
    const match = /^(?:!!|!<tag:yaml\.org,2002:)([a-z]+)>?$/.exec(raw);
    return match?.[1] ?? "?";
  }

  #foreignTag(tag: { readonly tagStart: number; readonly tagEnd: number }, event: Event): void {
    const span = { start: tag.tagStart, end: tag.tagEnd };
    const message = `the tag ${this.#text.slice(span.start, span.end)} cannot be used here`;
    const hint = "only the tags of the YAML 1.2 core schema, and only where they fit; mostly the tag can just go";
    this.#push({ code: "R1010", span, message, hint, taints: spanOf(event) });
  }

  #add(code: string, span: Span, message: string, hint?: string): void {
    this.#push({ code, span, message, ...(hint === undefined ? {} : { hint }), taints: span });
  }

  #push(problem: ComposeProblem): void {
    if (this.#problems.length < CAPS.problems) this.#problems.push(problem);
  }
}
