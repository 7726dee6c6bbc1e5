import type { Problem } from "../report.ts";

/**
 * Forms of well-known credentials, from their vendors' documentation: AWS access key ids, GitHub, GitLab, Slack, Stripe,
 * Google API keys, OpenAI-style keys, JSON web tokens, PEM blocks.
 */
const TOKEN =
  /^(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{8,}|[sr]k_(?:live|test)_\w{10,}|AIza[\w-]{30,}|sk-[\w-]{20,}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*|-----BEGIN )/;
const SECRET_NAME = /(?:^|[_-])(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i;

/** A reference that looks like the secret itself. */
export function secretProblem(reference: string): Problem | undefined {
  if (!TOKEN.test(reference) && !looksRandom(reference) && !/\s/.test(reference)) return undefined;
  return {
    code: "R1080",
    message: "this looks like a secret, not like a reference to one",
    hint: "put it into the provider's secret store, write its name here, and change the secret: it was in a file",
    severity: "warning",
  };
}

/** A plain value that looks like a secret, by its form or by its name. */
export function valueProblem(key: string, value: string): Problem | undefined {
  const named =
    (SECRET_NAME.test(key) || /^(?:proxy-)?authorization$/i.test(key)) && value.length >= 4 && !value.startsWith("/");
  if (!named && !TOKEN.test(value)) return undefined;
  return {
    code: "R1080",
    message: `"${key}" looks like a secret that is written down here`,
    hint: "move it to `secrets`, as a reference into the provider's secret store",
    severity: "warning",
  };
}

/** At least 20 letters and digits in a row, of three kinds, as no person names a thing. */
function looksRandom(text: string): boolean {
  if (/^(?:arn|projects|https?)[:/]/.test(text)) return false;
  const run = /[A-Za-z0-9+=]{20,}/.exec(text)?.[0];
  if (run === undefined) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(run)).length;
  return kinds === 3 || (kinds === 2 && /[0-9]/.test(run) && (run.match(/[0-9]/g)?.length ?? 0) >= 6);
}
