import { type Finding, ProviderError } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { environmentId, groupId, identityId } from "./naming.ts";
import type { AzureOptions } from "./options.ts";
import { JOBS, type Raw, type Signal, WORKFLOWS } from "./resources/world.ts";

type Check = () => Promise<Finding>;

const GROUPS_VERSION = "2021-04-01";
const IDENTITIES_VERSION = "2023-01-31";

/** What `rota doctor` asks Azure; each question by itself, so that one denial hides no other. Never throws. */
export async function checkAzure(api: Api, options: AzureOptions, signal: Signal): Promise<readonly Finding[]> {
  const group = groupId(options);
  const checks: Readonly<Record<string, Check>> = {
    "resource group": async () => {
      const { location = "?" } = await api.get<Raw>(`${group}?api-version=${GROUPS_VERSION}`, signal);
      return found("resource group", true, `${options.resourceGroup} in ${location}`);
    },
    environment: async () => {
      const id = environmentId(options);
      const { name = id, location = "?", properties } = await api.get<Raw>(`${id}?api-version=${JOBS.version}`, signal);
      const state = properties?.provisioningState ?? "?";
      if (state !== "Succeeded")
        return found("environment", false, `${name} is ${state}`, "look at it in the portal, or make it again");
      if (location.toLowerCase().replaceAll(" ", "") === options.location)
        return found("environment", true, `${name} in ${location}`);
      return found(
        "environment",
        false,
        `${name} is in ${location}, and the placement says ${options.location}`,
        "correct providers.*.location",
      );
    },
    ...identityChecks(api, options, signal),
    jobs: async () => {
      await api.list(`${group}/providers/${JOBS.type}?api-version=${JOBS.version}`, signal);
      return found("jobs", true, "the group's Container Apps jobs can be listed");
    },
    workflows: async () => {
      await api.list(`${group}/providers/${WORKFLOWS.type}?api-version=${WORKFLOWS.version}`, signal);
      return found("workflows", true, "the group's Logic Apps can be listed");
    },
    logs: async () => {
      const { logAnalyticsWorkspace: workspace } = options;
      if (workspace === undefined) {
        const fix = "name the environment's Log Analytics workspace with logAnalyticsWorkspace";
        return found("logs", "warning", "no workspace is named: there is no output to read or to judge", fix);
      }
      await api.query(`/v1${workspace}/query`, { query: "print 1" }, signal);
      return found("logs", true, `${workspace.split("/").at(-1)} answers`);
    },
  };
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) findings.push(await answer(name, check));
  return findings;
}

function identityChecks(api: Api, options: AzureOptions, signal: Signal): Readonly<Record<string, Check>> {
  const check =
    (name: string, id: string): Check =>
    async () => {
      await api.get(`${id}?api-version=${IDENTITIES_VERSION}`, signal);
      return found(name, true, `${id.split("/").at(-1)} is there`);
    };
  const missing: Check = async () => {
    const fix = "az identity create, and name it with triggerIdentity";
    return found(
      "trigger identity",
      "warning",
      "none is named: schedules in zones with DST, and vm jobs, are refused",
      fix,
    );
  };
  const own = identityId(options, options.identity);
  const trigger = identityId(options, options.triggerIdentity);
  return {
    ...(own === undefined ? {} : { identity: check("identity", own) }),
    "trigger identity": trigger === undefined ? missing : check("trigger identity", trigger),
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
