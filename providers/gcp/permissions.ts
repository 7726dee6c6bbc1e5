import type { DesiredJob, JsonObject } from "../../src/model/index.ts";
import type { PermissionDocument } from "../../src/provider/index.ts";
import type { CallName } from "./api/index.ts";
import type { GcpOptions } from "./options.ts";
import { secretText } from "./resources/run-job.ts";

/** What IAM asks for each call (IAM permissions reference). */
export const PERMISSIONS: Readonly<Record<CallName, readonly string[]>> = {
  "cloudscheduler:ListJobs": ["cloudscheduler.jobs.list"],
  "cloudscheduler:GetJob": ["cloudscheduler.jobs.get"],
  "cloudscheduler:CreateJob": ["cloudscheduler.jobs.create"],
  "cloudscheduler:UpdateJob": ["cloudscheduler.jobs.update"],
  "cloudscheduler:DeleteJob": ["cloudscheduler.jobs.delete"],
  "cloudscheduler:PauseJob": ["cloudscheduler.jobs.pause"],
  "cloudscheduler:ResumeJob": ["cloudscheduler.jobs.enable"],
  "run:ListJobs": ["run.jobs.list"],
  "run:GetJob": ["run.jobs.get"],
  "run:CreateJob": ["run.jobs.create"],
  "run:UpdateJob": ["run.jobs.update"],
  "run:DeleteJob": ["run.jobs.delete"],
  "run:RunJob": ["run.jobs.run", "run.jobs.runWithOverrides"],
  "run:ListExecutions": ["run.executions.list"],
  "run:GetExecution": ["run.executions.get"],
  "run:CancelExecution": ["run.executions.cancel"],
  "run:ListTasks": ["run.tasks.list"],
  "batch:ListJobs": ["batch.jobs.list"],
  "batch:GetJob": ["batch.jobs.get"],
  "batch:CreateJob": ["batch.jobs.create"],
  "batch:CancelJob": ["batch.jobs.cancel"],
  "batch:ListTasks": ["batch.tasks.list"],
  "logging:ListLogEntries": ["logging.logEntries.list"],
  "monitoring:ListTimeSeries": ["monitoring.timeSeries.list"],
};
/** The predefined roles that hold them all, and more. */
const PREDEFINED = [
  "roles/cloudscheduler.admin",
  "roles/run.developer",
  "roles/logging.viewer",
  "roles/monitoring.viewer",
];
const BATCH_EDITOR = "roles/batch.jobsEditor";
const STARTER = "roles/run.jobsExecutorWithOverrides";

/** The least that a placement and its jobs ask for. */
export function permissionsOf(jobs: readonly DesiredJob[], options: GcpOptions): readonly PermissionDocument[] {
  const { project, serviceAccount, schedulerServiceAccount = serviceAccount } = options;
  const secrets = secretsOf(jobs, project);
  const bind = (role: string, member: string): JsonObject => ({ role, members: [member] });
  const rota = "RUNNER";
  return [
    {
      name: "rota-role",
      purpose:
        "for whoever runs rota plan, apply and the daemon (RUNNER below): the least, as a custom role to bind to them",
      document: {
        title: "rota",
        description: "Deploys Cloud Run jobs and Cloud Scheduler jobs, starts, watches and stops them",
        stage: "GA",
        includedPermissions: [...new Set(allowedTo(options))].sort(),
      },
      command: `gcloud iam roles create rota --project=${project} --file=rota-role.json`,
    },
    {
      name: "rota-predefined-roles",
      purpose: "instead of the custom role: the predefined ones that hold it, and more",
      document: { bindings: [...PREDEFINED, ...(options.batch ? [BATCH_EDITOR] : [])].map((role) => bind(role, rota)) },
      command: `gcloud projects add-iam-policy-binding ${project} --member=RUNNER --role=ROLE   # once for each`,
    },
    ...[...new Set([serviceAccount, schedulerServiceAccount])].map(
      (account): PermissionDocument => ({
        name: `rota-act-as-${account.split("@")[0]}`,
        purpose: `rota makes things that run as ${account}`,
        document: { resources: [account], bindings: [bind("roles/iam.serviceAccountUser", rota)] },
        command: `gcloud iam service-accounts add-iam-policy-binding ${account} --member=RUNNER --role=roles/iam.serviceAccountUser`,
      }),
    ),
    ...callsOf(jobs, schedulerServiceAccount, project),
    {
      name: "scheduler-start",
      purpose: "Cloud Scheduler starts the Cloud Run jobs as this account",
      document: { bindings: [bind(STARTER, `serviceAccount:${schedulerServiceAccount}`)] },
      command: `gcloud projects add-iam-policy-binding ${project} --member=serviceAccount:${schedulerServiceAccount} --role=${STARTER}`,
    },
    ...(options.batch ? batchOf(options) : []),
    ...secrets.map(
      (secret, index): PermissionDocument => ({
        name: `secret-${index + 1}`,
        purpose: `the jobs read the secret ${secret} as their account`,
        document: {
          resources: [secret],
          bindings: [bind("roles/secretmanager.secretAccessor", `serviceAccount:${serviceAccount}`)],
        },
        command: `gcloud secrets add-iam-policy-binding ${secret} --member=serviceAccount:${serviceAccount} --role=roles/secretmanager.secretAccessor`,
      }),
    ),
  ];
}

function allowedTo({ batch }: GcpOptions): readonly string[] {
  const calls = Object.entries(PERMISSIONS).filter(([call]) => batch || !call.startsWith("batch:"));
  return calls.flatMap(([, names]) => names);
}

/** Cloud Scheduler makes the Batch jobs, which run as the jobs' account; that reports to Batch and writes the log. */
function batchOf({
  project,
  serviceAccount,
  schedulerServiceAccount = serviceAccount,
}: GcpOptions): readonly PermissionDocument[] {
  const grant = (name: string, purpose: string, role: string, account: string): PermissionDocument => ({
    name,
    purpose,
    document: { bindings: [{ role, members: [`serviceAccount:${account}`] }] },
    command: `gcloud projects add-iam-policy-binding ${project} --member=serviceAccount:${account} --role=${role}`,
  });
  const user = "roles/iam.serviceAccountUser";
  const member = `serviceAccount:${schedulerServiceAccount}`;
  return [
    grant("batch-start", "Cloud Scheduler makes the Batch jobs as this account", BATCH_EDITOR, schedulerServiceAccount),
    {
      name: "batch-act-as",
      purpose: `the Batch jobs that Cloud Scheduler makes run as ${serviceAccount}`,
      document: { resources: [serviceAccount], bindings: [{ role: user, members: [member] }] },
      command: `gcloud iam service-accounts add-iam-policy-binding ${serviceAccount} --member=${member} --role=${user}`,
    },
    grant("batch-report", "the machines tell Batch how the task goes", "roles/batch.agentReporter", serviceAccount),
    grant("batch-log", "the machines write the log", "roles/logging.logWriter", serviceAccount),
  ];
}

/** What Cloud Scheduler needs for the calls that it makes by itself. */
function callsOf(jobs: readonly DesiredJob[], account: string, project: string): readonly PermissionDocument[] {
  const kinds = new Set(jobs.map(({ job }) => job.workload.kind));
  const member = `serviceAccount:${account}`;
  const found: PermissionDocument[] = [];
  if (kinds.has("vm")) {
    found.push({
      name: "scheduler-machines-role",
      purpose:
        "Cloud Scheduler starts and stops the machines as its account: the least, as a custom role to bind to it",
      document: {
        title: "rota machines",
        stage: "GA",
        includedPermissions: ["compute.instances.start", "compute.instances.stop"],
      },
      command: `gcloud iam roles create rotaMachines --project=${project} --file=scheduler-machines-role.json`,
    });
  }
  if (kinds.has("http")) {
    found.push({
      name: "scheduler-http",
      purpose:
        "servers on Cloud Run that Cloud Scheduler calls let its account in; others check its OIDC token themselves",
      document: { bindings: [{ role: "roles/run.invoker", members: [member] }] },
      command: `gcloud run services add-iam-policy-binding SERVICE --member=${member} --role=roles/run.invoker`,
    });
  }
  return found;
}

function secretsOf(jobs: readonly DesiredJob[], project: string): readonly string[] {
  const names = jobs.flatMap(({ job: { workload } }) =>
    workload.kind === "container" ? Object.values(workload.secrets) : [],
  );
  const whole = names.map((reference) => {
    const secret = secretText(reference).replace(/:[^:]*$/, "");
    return secret.startsWith("projects/") ? secret : `projects/${project}/secrets/${secret}`;
  });
  return [...new Set(whole)].sort();
}
