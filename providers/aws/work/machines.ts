import type { Job, VmWorkload } from "../../../src/model/index.ts";
import { tagsOf } from "../naming.ts";
import { SCHEDULED_TIME, type Setting, universalTarget, type Work } from "./work.ts";

/** AWS's own runbooks, which find machines by a tag as EC2's calls cannot. */
const RUNBOOKS = { start: "AWS-StartEC2Instance", stop: "AWS-StopEC2Instance" } as const;
const CALLS = { start: "ec2:startInstances", stop: "ec2:stopInstances" } as const;
const ID = /^i-[0-9a-f]{8,17}$/;

export const UNSEEN_MACHINES =
  "EC2 tells nobody what the schedule's own calls come to: look at the machines, or at CloudTrail";

/** Machines that are there already, started or stopped by id or by a tag. */
export function machineWork(job: Job, workload: VmWorkload, { owner, options }: Setting): Work {
  const { instances, tags, action } = workload;
  const wrong = instances.find((id) => !ID.test(id));
  if (wrong !== undefined) return refuse(`"${wrong}" is no instance's id`, "write i-0123456789abcdef0, or name a tag");
  const pairs = Object.entries(tags);
  if (instances.length > 0 && pairs.length > 0) {
    return refuse("by id and by tag at once is two calls", "make it two jobs, or name the machines one way");
  }
  if (pairs.length > 1) {
    return refuse(
      "Systems Manager takes one tag to find machines by",
      "give them a tag of their own for it, or name their ids",
    );
  }
  const [pair] = pairs;
  const warnings = [`${UNSEEN_MACHINES}; no fire of it is missed, and nothing of it is limited or metered`];
  const start =
    pair === undefined
      ? { target: universalTarget(options.region, CALLS[action]), input: { InstanceIds: instances } }
      : {
          target: universalTarget(options.region, "ssm:startAutomationExecution"),
          input: {
            DocumentName: RUNBOOKS[action],
            MaxConcurrency: "100%",
            MaxErrors: "100%",
            Tags: tagsOf({ ...owner, job: job.name }, { fire: SCHEDULED_TIME }).map(({ key, value }) => ({
              Key: key,
              Value: value,
            })),
            TargetParameterName: "InstanceId",
            Targets: [{ Key: `tag:${pair[0]}`, Values: [pair[1]] }],
          },
        };
  return { ok: true, kind: "machines", needs: [], start, warnings };
}

function refuse(reason: string, fix: string): Work {
  return { ok: false, reason, fix };
}
