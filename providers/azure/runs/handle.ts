import { ProviderError } from "../../../src/provider/index.ts";

/** One execution of a Container Apps job, or one run of a workflow; names within the placement's resource group. */
export type AzureHandle =
  | { readonly job: string; readonly execution: string }
  | { readonly workflow: string; readonly run: string };

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const RUN = /^[A-Za-z0-9-]{8,80}$/;

/** Throws `invalid` for anything that is no handle of this adapter's. */
export function parseHandle(handle: unknown): AzureHandle {
  const parts = handle !== null && typeof handle === "object" ? (handle as Readonly<Record<string, unknown>>) : {};
  const { job, execution, workflow, run } = parts;
  if (isName(job, NAME) && isName(execution, NAME)) return { job, execution };
  if (isName(workflow, NAME) && isName(run, RUN)) return { workflow, run };
  throw new ProviderError("invalid", "this is no handle of an execution or of a workflow's run");
}

function isName(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}
