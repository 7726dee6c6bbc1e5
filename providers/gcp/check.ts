import type { Clock } from "../../src/model/index.ts";
import { MINUTE } from "../../src/model/index.ts";
import { type Finding, ProviderError } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { timestamp } from "./execution-state.ts";
import { type GcpOptions, parentOf } from "./options.ts";

type Check = () => Promise<Finding>;

/** What `rota doctor` asks Google; each question by itself, so that one denial hides no other. Never throws. */
export async function checkGcp(
  api: Api,
  options: GcpOptions,
  clock: Pick<Clock, "now">,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const parent = parentOf(options);
  const name = `projects/${options.project}`;
  const now = clock.now();
  const interval = { startTime: timestamp(now - 5 * MINUTE), endTime: timestamp(now) };
  const checks: Readonly<Record<string, Check>> = {
    credentials: async () => {
      const identity = await api.identity();
      const who = identity ?? "the credentials name no account (a person's, or none towards an emulator)";
      return found("credentials", true, `${who}, for ${parent}`);
    },
    schedules: async () => {
      const { jobs } = await api.send("cloudscheduler:ListJobs", { parent, pageSize: 500 }, signal);
      const unwell = (jobs ?? []).filter(({ state }) => state === "DISABLED" || state === "UPDATE_FAILED");
      if (unwell.length === 0) return found("schedules", true, "Cloud Scheduler jobs can be listed");
      const named = unwell.map((job) => `${job.name} is ${job.state}`).join(", ");
      return found(
        "schedules",
        "warning",
        named,
        "rota apply mends those of rota's; look at the others in the console",
      );
    },
    jobs: async () => {
      await api.send("run:ListJobs", { parent, pageSize: 1 }, signal);
      return found("jobs", true, "Cloud Run jobs can be listed");
    },
    executions: async () => {
      await api.send("run:ListExecutions", { parent: `${parent}/jobs/-`, pageSize: 1 }, signal);
      return found("executions", true, "executions can be listed");
    },
    ...(options.batch ? { batch: batchCheck(api, parent, signal) } : {}),
    logs: async () => {
      const filter = `resource.type="cloud_run_job" AND timestamp>="${new Date(now - MINUTE).toISOString()}"`;
      await api.send("logging:ListLogEntries", { resourceNames: [name], filter, pageSize: 1 }, signal);
      return found("logs", true, "log entries can be read");
    },
    metrics: async () => {
      const filter = 'metric.type = "run.googleapis.com/container/cpu/utilizations"';
      await api.send("monitoring:ListTimeSeries", { name, filter, interval, view: "HEADERS", pageSize: 1 }, signal);
      return found("metrics", true, "time series can be read: idle is judged by CPU, network and output");
    },
  };
  const findings: Finding[] = [];
  for (const [check, ask] of Object.entries(checks)) findings.push(await answer(check, ask));
  return findings;
}

function batchCheck(api: Api, parent: string, signal: AbortSignal | undefined): Check {
  return async () => {
    await api.send("batch:ListJobs", { parent, pageSize: 1 }, signal);
    return found("batch", true, "Batch jobs can be listed; idle is not judged there");
  };
}

async function answer(name: string, check: Check): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ProviderError)) return found(name, false, String(error));
    return found(name, false, error.message === "" ? error.code : error.message, error.fix);
  }
}

function found(check: string, ok: Finding["ok"], detail: string, fix?: string): Finding {
  return { check, ok, detail, ...(fix === undefined ? {} : { fix }) };
}
