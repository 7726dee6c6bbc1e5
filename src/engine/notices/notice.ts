import type { Instant, NoticeKind } from "../../model/index.ts";

/** Something that people should hear of. */
export interface Notice {
  readonly kind: NoticeKind;
  /** One line: what happened. */
  readonly subject: string;
  /** What to know and what to do; lines separated by \n. */
  readonly text: string;
  readonly job?: string;
  readonly run?: string;
  /** Figures beside the text, name to value. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Where to read on (http or https). */
  readonly link?: string;
  /** Names of the channels it goes to, of those that want its kind; absent: all of them. */
  readonly channels?: readonly string[];
}

/** A notice on its way: `at` is when it was sent, not when it arrives. */
export interface QueuedNotice extends Notice {
  readonly at: Instant;
}

/** What came of one try. `retry`: it may work later. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly retry: boolean; readonly detail: string; readonly retryAfterMs?: number };

/** Tries once. Never rejects. */
export type Deliver = (notice: QueuedNotice, signal: AbortSignal) => Promise<Outcome>;
