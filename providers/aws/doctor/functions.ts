import { type Finding, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { nameOf, readFacts, type ScheduledFunction } from "../runs/functions/index.ts";
import { found } from "./finding.ts";

const NAME = "functions";

/** Of each function whose runs are read from its log: it is there, and its log can be read and has what is looked for. */
export async function checkFunctions(
  api: Api,
  scheduled: readonly ScheduledFunction[],
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const arn of new Set(scheduled.map((each) => each.arn))) findings.push(await checkFunction(api, arn, signal));
  const shared = [...Map.groupBy(scheduled, ({ arn }) => arn)].filter(([, jobs]) => jobs.length > 1);
  for (const [arn, jobs] of shared) {
    const detail = `${nameOf(arn)} is started by ${jobs.map(({ job }) => job).join(" and ")}: a run is taken for the job whose fire it follows`;
    findings.push(found(NAME, "warning", detail, "let the function print the member rota of its input: it says which"));
  }
  return findings;
}

async function checkFunction(api: Api, arn: string, signal: AbortSignal | undefined): Promise<Finding> {
  const name = nameOf(arn);
  const facts = await readFacts(api, arn, signal);
  if (!facts) return found(NAME, false, `there is no function ${name}`, "correct target.lambda, or make it");
  const { logGroup, isLogged } = facts;
  if (!isLogged) {
    const detail = `${name} logs warnings of the system alone, so that none of its runs is seen`;
    const fix = `aws lambda update-function-configuration --function-name ${name} --logging-config LogFormat=JSON,SystemLogLevel=INFO`;
    return found(NAME, false, detail, fix);
  }
  try {
    await api.send("logs:FilterLogEvents", { logGroupName: logGroup, limit: 1 }, signal);
    return found(NAME, true, `${name}: its runs are read from ${logGroup}`);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error.code === "missing") {
      const detail = `${name} has no log group ${logGroup}: it has not run yet, or its role may not write one`;
      return found(NAME, "warning", detail, "its role needs AWSLambdaBasicExecutionRole");
    }
    if (error.code !== "denied") throw error;
    return found(NAME, false, `the log of ${name} cannot be read`, `allow logs:FilterLogEvents on ${logGroup}:*`);
  }
}
