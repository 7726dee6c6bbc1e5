type Environment = Readonly<Record<string, string | undefined>>;

const PASSED: readonly string[] = ["PATH", "HOME", "LANG", "TZ", "USER"];

/** What the commands of notice channels see of the daemon's environment: enough to run, and no secret. */
export function noticeEnvironment(env: Environment, secrets: readonly string[]): Environment {
  const isPassed = ([name, value]: [string, string | undefined]): boolean =>
    (PASSED.includes(name) || name.startsWith("ROTA_")) && value !== undefined && !secrets.includes(value);
  return Object.fromEntries(Object.entries(env).filter(isPassed));
}
