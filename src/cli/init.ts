import { writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Option } from "commander";
import { type CommonOptions, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { terminalOf } from "./terminal.ts";
import { CommandError } from "./world.ts";

const PLACEMENTS: Readonly<Record<string, string>> = {
  local: `  local: { price: 0.20 USD/h }       # what an hour of this machine costs, for the meter`,
  aws: `  aws:                         # your own values here
    region: us-east-1
    account: "123456789012"
    cluster: default
    subnets: [subnet-0123456789abcdef0]
    executionRole: arn:aws:iam::123456789012:role/ecs-execution      # pulls the image, writes the log
    schedulerRole: arn:aws:iam::123456789012:role/rota-scheduler     # starts the tasks: rota permissions`,
  azure: `  azure:                       # your own values here
    subscription: 00000000-0000-0000-0000-000000000000
    resourceGroup: jobs
    location: westeurope
    containerAppsEnvironment: jobs`,
  gcp: `  gcp:                         # your own values here
    project: my-project
    location: us-central1
    serviceAccount: jobs@my-project.iam.gserviceaccount.com`,
};

export const defineInit: DefineCommand = (command, world) =>
  void withCommon(command, "rota init\nrota init --provider aws")
    .addOption(
      new Option("--provider <type>", "where the jobs will run").choices(Object.keys(PLACEMENTS)).default("local"),
    )
    .action(async (options: CommonOptions & { readonly provider: string }) => {
      const file = resolve(world.cwd, options.file ?? "jobs.yaml");
      try {
        await writeFile(file, starter(basename(world.cwd), options.provider), { flag: "wx" });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST")
          throw new CommandError(`${file} is there already; it was left as it is`, "name another with -f FILE");
        throw new CommandError(`${file} cannot be written (${code})`);
      }
      const terminal = terminalOf(world);
      terminal.out(`wrote ${file}`);
      terminal.note("next: rota validate, rota next, rota up");
    });

function starter(folder: string, provider: string): string {
  const namespace =
    folder
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-")
      .replaceAll(/^[^a-z]+|-+$/g, "") || "my-jobs";
  const workload =
    provider === "local"
      ? `    process: { command: [echo, hello], cpu: 1, memory: 256MiB }   # argv: no shell`
      : `    container: { image: "registry.example/hello:1", command: [hello], cpu: 1, memory: 2GiB }`;
  return `# What runs when, and what it may cost. Every key: docs/manifest.md, or \`rota schema\` for your editor.
rota: 1
namespace: ${namespace}             # the mark on everything rota creates; nothing without it is touched
timezone: UTC                  # an IANA zone such as America/Toronto
currency: USD

windows:                       # names for parts of the week
  morning: "Mon-Fri 06:00-12:00"

providers:                     # where jobs run
${PLACEMENTS[provider] ?? ""}

environments:
  dev: { provider: ${provider} }

defaults:                      # below every job
  guard: { idle: 30m, duration: 2h, cost: 5 USD, output: 1GiB }

jobs:
  hello:                       # pinned: five fields of cron
${workload}
    schedule: "*/5 * * * *"

  weekly-report:               # flexible: rota picks the slot (rota next, rota stagger)
${workload}
    schedule: { every: week, within: [morning] }
    expect: { duration: 20m }
`;
}
