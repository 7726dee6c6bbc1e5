/**
 * What the services refuse and the published schemas do not say, each by its documentation: Container Apps ("Jobs",
 * "Containers", "Manage secrets"), Logic Apps ("Limits and configuration", "Schema reference for trigger and action types").
 */
type Json = Readonly<Record<string, unknown>>;

export function jobProblems(name: string, body: unknown): readonly string[] {
  const found: string[] = [];
  const say = (holds: boolean, problem: string): void => void (holds || found.push(problem));
  const { location, tags, properties, identity } = (body ?? {}) as Body;
  say(/^[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]$/.test(name), `the name ${name}`);
  say(typeof location === "string" && location !== "", "location is required");
  for (const problem of tagProblems(tags)) found.push(problem);
  const { environmentId, configuration: c, template } = properties ?? {};
  say(/\/managedEnvironments\//i.test(String(environmentId)), "environmentId is required");
  say(Number.isInteger(c?.replicaTimeout) && Number(c?.replicaTimeout) > 0, "replicaTimeout is required");
  say(c?.triggerType === "Manual" || c?.triggerType === "Schedule", `triggerType ${c?.triggerType}`);
  say(
    (c?.triggerType === "Schedule") === (c?.scheduleTriggerConfig !== undefined),
    "scheduleTriggerConfig with Schedule and only then",
  );
  say(
    (c?.triggerType === "Manual") === (c?.manualTriggerConfig !== undefined),
    "manualTriggerConfig with Manual and only then",
  );
  if (c?.scheduleTriggerConfig)
    say(isCron(c.scheduleTriggerConfig.cronExpression), `cron ${c.scheduleTriggerConfig.cronExpression}`);
  const identities = Object.keys(identity?.userAssignedIdentities ?? {}).map((id) => id.toLowerCase());
  const names = new Set<string>();
  for (const secret of c?.secrets ?? []) {
    say(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(secret.name ?? ""), `the secret's name ${secret.name}`);
    say(/^https:\/\/[^/]+\/secrets\/[A-Za-z0-9-]+/.test(secret.keyVaultUrl ?? ""), `keyVaultUrl ${secret.keyVaultUrl}`);
    say(
      identities.includes((secret.identity ?? "").toLowerCase()),
      `the secret's identity ${secret.identity} is not the job's`,
    );
    names.add(secret.name ?? "");
  }
  found.push(...containersProblems(template?.containers, names));
  return found;
}

/** The body of a start: none, or the whole containers that take the place of the job's. */
export function startProblems(body: unknown): readonly string[] {
  if (body === undefined) return [];
  const { containers, ...rest } = body as { readonly containers?: readonly Container[] };
  const unknown = Object.keys(rest).filter((name) => name !== "initContainers");
  return [...unknown.map((name) => `a start has no ${name}`), ...containersProblems(containers, undefined)];
}

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly args?: readonly unknown[];
  readonly env?: readonly { readonly name?: string; readonly value?: unknown; readonly secretRef?: string }[];
  readonly resources?: { readonly cpu?: unknown; readonly memory?: unknown };
}

interface Body {
  readonly location?: string;
  readonly tags?: unknown;
  readonly identity?: { readonly userAssignedIdentities?: Json };
  readonly properties?: {
    readonly environmentId?: unknown;
    readonly configuration?: {
      readonly replicaTimeout?: unknown;
      readonly triggerType?: unknown;
      readonly scheduleTriggerConfig?: { readonly cronExpression?: unknown };
      readonly manualTriggerConfig?: unknown;
      readonly secrets?: readonly {
        readonly name?: string;
        readonly keyVaultUrl?: string;
        readonly identity?: string;
      }[];
    };
    readonly template?: { readonly containers?: readonly Container[] };
  };
}

function containersProblems(
  containers: readonly Container[] | undefined,
  secrets: ReadonlySet<string> | undefined,
): string[] {
  const found: string[] = [];
  const say = (holds: boolean, problem: string): void => void (holds || found.push(problem));
  say((containers?.length ?? 0) > 0, "containers are required");
  for (const { name, image, args = [], env = [], resources } of containers ?? []) {
    say(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name ?? ""), `the container's name ${name}`);
    say(typeof image === "string" && image !== "", "image is required");
    say(
      args.every((arg) => typeof arg === "string"),
      "args are texts",
    );
    const cpu = Number(resources?.cpu);
    say(cpu >= 0.25 && cpu <= 4 && Number.isInteger(cpu * 4), `cpu ${resources?.cpu}`);
    say(resources?.memory === `${cpu * 2}Gi`, `memory ${resources?.memory} for cpu ${cpu}`);
    const names = env.map((each) => each.name);
    say(new Set(names).size === names.length, `a variable twice: ${names}`);
    for (const { name: variable = "", value, secretRef } of env) {
      say(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(variable), `the variable's name ${variable}`);
      say((value === undefined) !== (secretRef === undefined), `${variable} has a value or a secretRef`);
      say(value === undefined || typeof value === "string", `${variable} is no text`);
      say(secretRef === undefined || secrets === undefined || secrets.has(secretRef), `no secret ${secretRef}`);
    }
  }
  return found;
}

/** Five fields of numbers: names and `?` are not documented. */
function isCron(text: unknown): boolean {
  const fields = typeof text === "string" ? text.split(" ") : [];
  return (
    fields.length === 5 && fields.every((field) => /^(\*|\d+(-\d+)?)(\/\d+)?(,(\d+(-\d+)?)(\/\d+)?)*$/.test(field))
  );
}

/** ARM: 50 tags, names of at most 512 characters without `<>%&\?/`, values of at most 256. */
export function tagProblems(tags: unknown): readonly string[] {
  const all = Object.entries((tags ?? {}) as Json);
  const bad = all.filter(
    ([name, value]) => /[<>%&\\?/]/.test(name) || name.length > 512 || typeof value !== "string" || value.length > 256,
  );
  return [...(all.length > 50 ? ["more than 50 tags"] : []), ...bad.map(([name]) => `the tag ${name}`)];
}
