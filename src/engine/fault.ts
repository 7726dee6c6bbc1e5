/** Why a request of a person was not carried out. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: "notFound" | "refused" | "invalid" | "unavailable";
  readonly fix?: string;
  constructor(code: ControlError["code"], message: string, fix?: string) {
    super(message);
    this.code = code;
    if (fix !== undefined) this.fix = fix;
  }
}
