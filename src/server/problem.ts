import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { ControlError } from "../engine/index.ts";
import { LedgerError } from "../ledger/index.ts";

/** The one shape of every error: `{ error: { code, message, fix? } }`. */
export interface ProblemObject {
  readonly error: { readonly code: string; readonly message: string; readonly fix?: string };
}

/** An answer that is an error, with its HTTP status. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: string;
  readonly fix?: string;
  constructor(status: number, code: string, message: string, fix?: string) {
    super(message);
    this.status = status;
    this.code = code;
    if (fix !== undefined) this.fix = fix;
  }
}

const CONTROL_STATUS = { notFound: 404, refused: 409, invalid: 400, unavailable: 503 } as const;

const TRANSPORT: Readonly<Record<string, readonly [number, string, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, "contentType", "the body must be JSON: send Content-Type: application/json"],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "tooLarge", "the body is larger than this API takes"],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, "invalid", "the body is not JSON"],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, "invalid", "the body says it is JSON and is empty"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, "invalid", "the body is not as long as Content-Length says"],
  FST_ERR_MAX_PARAM_LENGTH: [414, "tooLarge", "the address is longer than this API takes"],
  FST_ERR_BAD_URL: [400, "invalid", "the address is not a valid one"],
  FST_ERR_HANDLER_TIMEOUT: [503, "timeout", "the answer took too long"],
};

/** What a thrown value becomes. What is not foreseen says nothing of its inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ControlError) {
    return new Problem(CONTROL_STATUS[error.code], error.code, error.message, error.fix);
  }
  if (error instanceof LedgerError) {
    return new Problem(503, "store", `the ledger does not answer (${error.code}): ${error.message}`);
  }
  const known = error as Partial<FastifyError> | undefined;
  if (known?.validation) return new Problem(400, "invalid", known.message ?? "the request is not valid");
  const transport = TRANSPORT[known?.code ?? ""];
  if (transport) return new Problem(...transport);
  if (known?.statusCode !== undefined && known.statusCode >= 400 && known.statusCode < 500) {
    return new Problem(known.statusCode, "invalid", "the request is not valid");
  }
  return new Problem(500, "internal", "rota failed at this request; its log says how");
}

export function problemObject(problem: Problem): ProblemObject {
  const { code, message, fix } = problem;
  return { error: { code, message, ...(fix === undefined ? {} : { fix }) } };
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (problem.status === 500) request.log.error({ err: error }, "request failed");
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="rota"');
  return reply.code(problem.status).type("application/json; charset=utf-8").send(problemObject(problem));
}
