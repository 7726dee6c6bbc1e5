import {
  createNotifier,
  type Notice,
  type Notifier,
  type NotifierOptions,
  type PostRequest,
  type PostResponse,
} from "../../../../src/engine/notices/index.ts";
import type { EventOf, NotifyChannel } from "../../../../src/model/index.ts";
import { VirtualClock } from "../../../support/clock.ts";

export const SECRET = "T000-B000-s3cr3t";
export const CHANNEL: NotifyChannel = {
  name: "ops",
  webhook: `https://hooks.example/services/${SECRET}`,
  on: ["stopped", "failed", "missed", "budget", "recovered", "problem"],
  allowPrivate: false,
};
export const FAILED: Notice = { kind: "failed", subject: "churn failed", text: "exit code 1", job: "churn", run: "r1" };

export interface World {
  readonly clock: VirtualClock;
  readonly notifier: Notifier;
  readonly posts: {
    readonly at: number;
    readonly body: { readonly text: string; readonly blocks: readonly unknown[] };
  }[];
  readonly recorded: EventOf<"notice.sent">[];
  readonly logged: string[];
}

/** A notifier on virtual time. `answer` says what the n-th post (from 1) gets. */
export function worldOf(
  answer: (count: number, request: PostRequest) => Promise<PostResponse> | PostResponse,
  over: Partial<NotifierOptions> = {},
): World {
  const clock = new VirtualClock();
  const posts: World["posts"] = [];
  const recorded: World["recorded"] = [];
  const logged: string[] = [];
  const notifier = createNotifier({
    channels: [CHANNEL],
    clock,
    random: { next: () => 0 },
    post: async (request) => {
      posts.push({ at: clock.monotonic(), body: JSON.parse(request.body) });
      return answer(posts.length, request);
    },
    run: async () => ({ exitCode: 0, signal: null }),
    log: (level, message, fields) => logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    record: (event) => {
      recorded.push(event);
    },
    ...over,
  });
  return { clock, notifier, posts, recorded, logged };
}

/** Never settles but by its signal, like a receiver that accepts and says nothing. */
export function hang({ signal }: { readonly signal: AbortSignal }): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(Object.assign(new Error("aborted"), { code: "ABORT_ERR" })));
  });
}

export function failWith(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(`could not reach https://hooks.example/services/${SECRET}`), { code }));
}
