import { HOUR, type Instant, MINUTE } from "../../../src/model/index.ts";
import type { Finding } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { type Owner, ruleName } from "../naming.ts";
import type { ScheduledRequest } from "../runs/requests.ts";
import { countRules } from "../runs/rule-counts.ts";
import { found } from "./finding.ts";

const NAME = "requests";

/** What EventBridge counts of http jobs can be read: without it no run of theirs is seen. Asked of one of them. */
export async function checkRequests(
  api: Api,
  owner: Owner,
  scheduled: readonly ScheduledRequest[],
  now: Instant,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const [first] = scheduled;
  if (!first) return [];
  const to = Math.floor(now / MINUTE) * MINUTE;
  await countRules(api, [ruleName(owner, first.job)], { from: to - HOUR, to }, signal);
  return [found(NAME, true, "what EventBridge counts of http jobs can be read")];
}
