import { Cron } from "croner";
import { type Handler, type Message, Refusal } from "./server.ts";

/** Quotas and limits: writes by project and region. */
const WRITES_A_MINUTE = 500;
const MINUTE = 60_000;
const LONGEST_DESCRIPTION = 500;
/** Headers that Cloud Scheduler sets itself, whatever is asked for (target.proto, HttpTarget.headers). */
const ITS_OWN = /^(?:host|content-length|user-agent|x-google-.*|x-appengine-.*|x-cloudscheduler.*)$/i;

/** Cloud Scheduler, as its proto describes it; where that leaves a doubt, the stricter way. */
export class SchedulerFake {
  readonly jobs: Map<string, Message> = new Map();
  readonly writes: number[] = [];
  pageSize = 500;
  readonly #parent: string;
  readonly #now: () => number;

  constructor(parent: string, now: () => number) {
    this.#parent = parent;
    this.#now = now;
  }

  readonly handlers: Readonly<Record<string, Handler>> = {
    "cloudscheduler:ListJobs": ({ parent, pageSize, pageToken }) => {
      this.#inPlace(parent);
      const names = [...this.jobs.keys()].sort();
      const from = pageToken === "" ? 0 : Number(pageToken);
      const to = from + Math.min(this.pageSize, Number(pageSize) || 500);
      const jobs = names.slice(from, to).map((name) => structuredClone(this.#job(name)));
      return { jobs, nextPageToken: to < names.length ? String(to) : "" };
    },
    "cloudscheduler:GetJob": ({ name }) => this.#job(name),
    "cloudscheduler:CreateJob": ({ parent, job }) => {
      this.#write();
      this.#inPlace(parent);
      const { name } = job as Message;
      if (this.jobs.has(String(name))) throw new Refusal("ALREADY_EXISTS", `Job ${name} already exists.`);
      return this.#put(job as Message);
    },
    // Everything is replaced where no mask is sent; and nothing says that a pause outlives it.
    "cloudscheduler:UpdateJob": ({ job }) => {
      this.#write();
      this.#job((job as Message)["name"]);
      return this.#put(job as Message);
    },
    "cloudscheduler:DeleteJob": ({ name }) => {
      this.#write();
      this.#job(name);
      this.jobs.delete(String(name));
      return {};
    },
    "cloudscheduler:PauseJob": ({ name }) => this.#turn(name, "ENABLED", "PAUSED"),
    "cloudscheduler:ResumeJob": ({ name }) => this.#turn(name, "PAUSED", "ENABLED"),
  };

  #turn(name: unknown, from: string, to: string): Message {
    this.#write();
    const job = this.#job(name);
    if (job["state"] !== from) throw new Refusal("FAILED_PRECONDITION", `Job must be ${from}, is ${job["state"]}`);
    job["state"] = to;
    return job;
  }

  #write(): void {
    const now = this.#now();
    if (this.writes.filter((at) => at > now - MINUTE).length >= WRITES_A_MINUTE) {
      throw new Refusal("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Write requests' per minute");
    }
    this.writes.push(now);
  }

  #inPlace(parent: unknown): void {
    if (parent !== this.#parent) throw new Refusal("PERMISSION_DENIED", `no access to ${parent}`);
  }

  #job(name: unknown): Message {
    const job = this.jobs.get(String(name));
    if (!job) throw new Refusal("NOT_FOUND", `Job ${name} not found.`);
    return job;
  }

  #put(job: Message): Message {
    const made = { ...job, ...checked(job, this.#parent), state: "ENABLED", userUpdateTime: timestampOf(this.#now()) };
    this.jobs.set(String(job["name"]), made);
    return made;
  }
}

/** What the proto's comments forbid is refused; what they say is set by default is. */
function checked(job: Message, parent: string): Message {
  const { name, description, schedule, timeZone, httpTarget, retryConfig, attemptDeadline } = job;
  const id = String(name).slice(`${parent}/jobs/`.length);
  if (!String(name).startsWith(`${parent}/jobs/`) || !/^[A-Za-z0-9_-]{1,500}$/.test(id)) invalid(`name ${name}`);
  if (String(description).length > LONGEST_DESCRIPTION) invalid("description is too long");
  checkSchedule(String(schedule), String(timeZone));
  const target = httpTarget as Message | null;
  if (!target) return invalid("a target is required");
  checkTarget(target);
  const { retryCount = 0, maxRetryDuration } = (retryConfig ?? {}) as {
    retryCount?: number;
    maxRetryDuration?: unknown;
  };
  if (retryCount < 0 || retryCount > 5) invalid(`retry_count ${retryCount}`);
  const deadline = attemptDeadline as Message | null;
  const seconds = deadline ? Number(deadline["seconds"]) : 180;
  if (seconds < 15 || seconds > 1800) invalid(`attempt_deadline ${seconds}s`);
  const headers = Object.entries(target["headers"] as Record<string, string>).filter(([key]) => !ITS_OWN.test(key));
  return {
    timeZone: timeZone === "" ? "UTC" : timeZone,
    attemptDeadline: { seconds: String(seconds), nanos: 0 },
    retryConfig: {
      retryCount,
      maxRetryDuration: maxRetryDuration ?? { seconds: "0", nanos: 0 },
      minBackoffDuration: { seconds: "5", nanos: 0 },
      maxBackoffDuration: { seconds: "3600", nanos: 0 },
      maxDoublings: 5,
    },
    httpTarget: { ...target, headers: { ...Object.fromEntries(headers), "User-Agent": "Google-Cloud-Scheduler" } },
  };
}

function checkSchedule(schedule: string, timeZone: string): void {
  if (schedule.trim().split(/\s+/).length !== 5 || /[L#W?]/.test(schedule)) invalid(`schedule ${schedule}`);
  try {
    new Cron(schedule, { paused: true, ...(timeZone === "" ? {} : { timezone: timeZone }) }).nextRun();
  } catch (error) {
    invalid(`schedule ${schedule} in ${timeZone}: ${String(error)}`);
  }
}

function checkTarget({ uri, httpMethod, headers, body, oauthToken }: Message): void {
  const url = URL.canParse(String(uri)) ? new URL(String(uri)) : invalid(`uri ${uri}`);
  const method = httpMethod === "HTTP_METHOD_UNSPECIFIED" ? "POST" : String(httpMethod);
  const hasBody = (body as Uint8Array | undefined)?.length ?? 0;
  if (hasBody > 0 && !["POST", "PUT", "PATCH"].includes(method)) invalid(`a body with ${method}`);
  if (JSON.stringify(headers).length > 80_000) invalid("headers are larger than 80KB");
  if (oauthToken && !url.hostname.endsWith(".googleapis.com")) invalid(`an OAuth token for ${url.hostname}`);
}

function invalid(what: string): never {
  throw new Refusal("INVALID_ARGUMENT", what);
}

export function timestampOf(at: number): { readonly seconds: string; readonly nanos: number } {
  const seconds = Math.floor(at / 1000);
  return { seconds: String(seconds), nanos: Math.round((at - seconds * 1000) * 1e6) };
}
