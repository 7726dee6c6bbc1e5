import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from "js-yaml";
import { readEvents, spanOf } from "./events.ts";
import type { Span } from "./source.ts";

export type Path = readonly (string | number)[];

interface Child {
  /** Index of the key's event; the item's own in a list. */
  readonly key: number;
  readonly value: number;
}

/**
 * Where a path stands in a file. Positions cost memory and most files have no mistakes, so they are
 * not kept while values are read: the first question reads the text again, and maps are indexed as they are asked for.
 */
export class Locator {
  readonly #text: string;
  #events: readonly Event[] | undefined;
  #ends: Int32Array | undefined;
  readonly #anchors = new Map<string, number[]>();
  readonly #children = new Map<number, ReadonlyMap<string | number, Child>>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The key at the end of a path (in a list: the item); the nearest thing above it when it is not there. */
  key(path: Path): Span {
    const { child } = this.#walk(path);
    return child === undefined ? this.#rootSpan() : this.#span(child.key);
  }

  /** The value at the end of a path; the key that holds it when the value is empty or a block of lines. */
  value(path: Path): Span {
    const { child, found } = this.#walk(path);
    if (child === undefined) return this.#rootSpan();
    if (!found) return this.#span(child.key);
    const event = this.#events?.[child.value];
    const empty = event?.type === EVENT_ID.SCALAR && event.valueStart < 0;
    const block = (event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE) && !this.#isFlow(event.start);
    if (empty || block) return this.#span(child.key);
    return this.#firstLine(event) ?? this.#span(child.value);
  }

  /** Where the text of a scalar begins when offsets in its value are offsets in the file too (one line, no escapes). */
  scalarStart(path: Path): number | undefined {
    const { child, found } = this.#walk(path);
    const event = found && child ? this.#events?.[child.value] : undefined;
    if (event?.type !== EVENT_ID.SCALAR || event.valueStart < 0) return undefined;
    const line = this.#firstLine(event);
    if (line) {
      const isWhole = getScalarValue(this.#text, event).trimEnd() === this.#text.slice(line.start, line.end);
      return isWhole ? line.start : undefined;
    }
    const raw = this.#text.slice(event.valueStart, event.valueEnd);
    return event.style <= SCALAR_STYLE.DOUBLE_QUOTED && raw === getScalarValue(this.#text, event)
      ? event.valueStart
      : undefined;
  }

  /** Of a block of text (after | or >), its first line that holds something; undefined for any other value. */
  #firstLine(event: Event | undefined): Span | undefined {
    if (event?.type !== EVENT_ID.SCALAR || event.style <= SCALAR_STYLE.DOUBLE_QUOTED) return undefined;
    const found = /\S.*/.exec(this.#text.slice(event.valueStart, event.valueEnd));
    if (!found) return undefined;
    const start = event.valueStart + found.index;
    return { start, end: start + found[0].trimEnd().length };
  }

  has(path: Path): boolean {
    return this.#walk(path).found;
  }

  /** The first key of the file, or where its value begins. */
  #rootSpan(): Span {
    const first = this.#events?.[1];
    return this.#span(first?.type === EVENT_ID.MAPPING && !this.#isFlow(first.start) ? 2 : 1);
  }

  #isFlow(start: number): boolean {
    const char = this.#text[start];
    return char === "{" || char === "[";
  }

  #span(index: number): Span {
    return spanOf(this.#events?.[index]);
  }

  /** The deepest node on the path, and whether it is the path's end. */
  #walk(path: Path): { child: Child | undefined; found: boolean } {
    this.#read();
    let child: Child | undefined;
    let at = 1;
    for (const part of path) {
      const next = this.#childrenOf(this.#follow(at)).get(part);
      if (next === undefined) return { child, found: false };
      child = next;
      at = next.value;
    }
    return { child, found: true };
  }

  /** An alias leads to the last node with that anchor before it. */
  #follow(index: number): number {
    const event = this.#events?.[index];
    if (event?.type !== EVENT_ID.ALIAS) return index;
    const places = this.#anchors.get(this.#text.slice(event.anchorStart, event.anchorEnd)) ?? [];
    return places.findLast((place) => place < index) ?? index;
  }

  #childrenOf(index: number): ReadonlyMap<string | number, Child> {
    const known = this.#children.get(index);
    if (known) return known;
    const events = this.#events ?? [];
    const ends = this.#ends ?? new Int32Array();
    const event = events[index];
    const children = new Map<string | number, Child>();
    const end = ends[index] ?? index;
    let at = index + 1;
    if (event?.type === EVENT_ID.SEQUENCE) {
      for (let i = 0; at < end; i++) {
        children.set(i, { key: at, value: at });
        at = (ends[at] ?? at) + 1;
      }
    } else if (event?.type === EVENT_ID.MAPPING) {
      while (at < end) {
        const key = events[at];
        const value = (ends[at] ?? at) + 1;
        const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, key) : undefined;
        if (name !== undefined && !children.has(name)) children.set(name, { key: at, value });
        at = (ends[value] ?? value) + 1;
      }
    }
    this.#children.set(index, children);
    return children;
  }

  #read(): void {
    if (this.#events) return;
    const read = readEvents(this.#text);
    const events = read.ok ? read.events : [];
    const ends = new Int32Array(events.length);
    const open: number[] = [];
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      ends[i] = i;
      if (event === undefined) continue;
      if (event.type === EVENT_ID.POP) ends[open.pop() ?? i] = i;
      else if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.ALIAS) open.push(i);
      if ("anchorStart" in event && event.type !== EVENT_ID.ALIAS && event.anchorStart >= 0) {
        const name = this.#text.slice(event.anchorStart, event.anchorEnd);
        const places = this.#anchors.get(name);
        if (places) places.push(i);
        else this.#anchors.set(name, [i]);
      }
    }
    this.#events = events;
    this.#ends = ends;
  }
}
