/** The id at the end of a task's ARN. */
export function parseHandleId(arn: string): string {
  return arn.split("/").at(-1) ?? "";
}
