import type { Clock, EventOf, JsonObject, NotifyChannel, Random } from "../../model/index.ts";
import type { RunCommand } from "./command.ts";
import { waysOf } from "./deliver.ts";
import { Lane } from "./lane.ts";
import type { Notice, QueuedNotice } from "./notice.ts";
import type { Post } from "./post.ts";
import { Storm } from "./storm.ts";

export interface NotifierOptions {
  readonly channels: readonly NotifyChannel[];
  readonly clock: Clock;
  readonly random: Random;
  /** `createPost()` in the daemon. */
  readonly post: Post;
  /** `createRunCommand(env, cwd)` in the daemon. */
  readonly run: RunCommand;
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string, fields?: JsonObject) => void;
  /** What came of each notice, for the ledger; may fail, which is logged and nothing else. */
  readonly record: (event: EventOf<"notice.sent">) => void | Promise<void>;
  /** Takes secrets out of a text (by value), before it leaves and before it is recorded. */
  readonly redact?: (text: string) => string;
}

export interface Notifier {
  /** Queues and returns at once; never throws. */
  send(notice: Notice): void;
  /** Takes the place of the channels in force, when the manifest changed; what waits for the old ones still goes out. */
  setChannels(channels: readonly NotifyChannel[]): void;
  /** For the end of the daemon: takes no more, sends what waits for at most `timeoutMs`, gives up the rest. */
  drain(timeoutMs: number): Promise<{ readonly givenUp: number }>;
}

interface Reached {
  readonly channel: NotifyChannel;
  readonly storm: Storm;
  readonly lanes: readonly Lane[];
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { clock, random, log, redact = (text) => text } = options;
  const lanes = new Set<Lane>();
  let reached: readonly Reached[] = [];
  let open = true;

  const report = (event: EventOf<"notice.sent">): void => {
    const { channel, subject, attempts, detail } = event;
    if (!event.ok) log("warn", "a notice was not delivered", { channel, subject, attempts, detail: detail ?? "" });
    const fail = (): void => log("error", "the outcome of a notice could not be recorded", { channel, subject });
    try {
      Promise.resolve(options.record(event)).catch(fail);
    } catch {
      fail();
    }
  };

  const reach = (channel: NotifyChannel): Reached => {
    const own = waysOf(channel, options).map(
      (deliver) => new Lane({ channel: channel.name, deliver, clock, random, report }),
    );
    for (const lane of own) lanes.add(lane);
    const pass = (notice: QueuedNotice): void => {
      for (const lane of own) lane.add(notice);
    };
    return { channel, storm: new Storm(clock, pass), lanes: own };
  };

  const retire = ({ storm, lanes: own }: Reached): void => {
    storm.end();
    for (const lane of own) void lane.idle().then(() => lanes.delete(lane));
  };

  const setChannels = (channels: readonly NotifyChannel[]): void => {
    const before = new Map(reached.map((each) => [JSON.stringify(each.channel), each]));
    // A channel that did not change keeps its queue; one that is gone sends what it has gathered.
    reached = channels.map((channel) => before.get(JSON.stringify(channel)) ?? reach(channel));
    for (const each of before.values()) if (!reached.includes(each)) retire(each);
  };
  setChannels(options.channels);

  return {
    send: (notice) => {
      if (!open) {
        log("warn", "a notice came after the end and was not sent", { subject: redact(notice.subject) });
        return;
      }
      const queued = redacted({ ...notice, at: clock.now() }, redact);
      for (const { channel, storm } of reached) {
        if (!channel.on.includes(notice.kind)) continue;
        if (notice.channels === undefined || notice.channels.includes(channel.name)) storm.take(queued);
      }
    },
    setChannels: (channels) => {
      if (open) setChannels(channels);
    },
    drain: async (timeoutMs) => {
      open = false;
      for (const { storm } of reached) storm.end();
      const idle = new AbortController();
      const all = Promise.all([...lanes].map((lane) => lane.idle())).then(() => idle.abort());
      await Promise.race([all, clock.sleep(timeoutMs, idle.signal)]);
      const givenUp = [...lanes].reduce((sum, lane) => sum + lane.size, 0);
      await Promise.all([...lanes].map((lane) => lane.end()));
      return { givenUp };
    },
  };
}

function redacted(notice: QueuedNotice, redact: (text: string) => string): QueuedNotice {
  const fields = Object.entries(notice.fields ?? {}).map(([name, value]) => [name, redact(value)] as const);
  return {
    ...notice,
    subject: redact(notice.subject),
    text: redact(notice.text),
    ...(notice.fields === undefined ? {} : { fields: Object.fromEntries(fields) }),
  };
}
