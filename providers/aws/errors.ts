import {
  codeByNetwork,
  codeByStatus,
  ProviderError,
  type ProviderErrorCode,
  retryAfterMs,
} from "../../src/provider/index.ts";

/** Names of errors as the services' own models have them; `Throttling` and its like are common to all. */
const CODES: Readonly<Record<string, ProviderErrorCode>> = {
  AccessDenied: "denied",
  AccessDeniedException: "denied",
  UnauthorizedOperation: "denied",
  UnrecognizedClientException: "denied",
  InvalidClientTokenId: "denied",
  InvalidSignatureException: "denied",
  SignatureDoesNotMatch: "denied",
  ExpiredToken: "denied",
  ExpiredTokenException: "denied",
  AuthFailure: "denied",
  CredentialsProviderError: "denied",
  ThrottlingException: "throttled",
  Throttling: "throttled",
  TooManyRequestsException: "throttled",
  RequestLimitExceeded: "throttled",
  LimitExceededException: "throttled",
  // The quota of schedules or groups is used up (HTTP 402): no wait mends it.
  ServiceQuotaExceededException: "invalid",
  ResourceNotFoundException: "missing",
  ExecutionDoesNotExist: "missing",
  StateMachineDoesNotExist: "missing",
  ResourceNotFound: "missing",
  EntityNotFoundException: "missing",
  ExecutionAlreadyExists: "exists",
  // Nothing was started: others are still running.
  ExecutionLimitExceeded: "throttled",
  ConcurrentRunsExceededException: "throttled",
  ResourceLimitExceeded: "throttled",
  "InvalidInstanceID.NotFound": "missing",
  "InvalidInstanceID.Malformed": "invalid",
  IncorrectInstanceState: "invalid",
  // No room for it just now: nothing was started.
  InsufficientInstanceCapacity: "throttled",
  AutomationExecutionNotFoundException: "missing",
  // The runbook itself: nothing was started.
  AutomationDefinitionNotFoundException: "invalid",
  // The token is of an execution that there is.
  IdempotentParameterMismatch: "exists",
  // So many run at a time; nothing was started.
  AutomationExecutionLimitExceededException: "throttled",
  QueueDoesNotExist: "missing",
  QueueNameExists: "exists",
  // SQS makes no queue of a name that was deleted within the last minute.
  QueueDeletedRecently: "throttled",
  "AWS.SimpleQueueService.QueueDeletedRecently": "throttled",
  "AWS.SimpleQueueService.NonExistentQueue": "missing",
  NoSuchEntity: "missing",
  NoSuchEntityException: "missing",
  ClusterNotFoundException: "missing",
  ConflictException: "conflict",
  ResourceAlreadyExistsException: "exists",
  OperationAbortedException: "conflict",
  ValidationException: "invalid",
  InvalidParameterException: "invalid",
  ClientException: "invalid",
  BlockedException: "denied",
  PlatformUnknownException: "invalid",
  PlatformTaskDefinitionIncompatibilityException: "invalid",
  UnsupportedFeatureException: "unsupported",
  InternalServerException: "unavailable",
  InternalServiceException: "unavailable",
  InternalFailure: "unavailable",
  ServerException: "unavailable",
  ServiceUnavailableException: "unavailable",
  TimeoutError: "unavailable",
  AbortError: "unavailable",
  // An answer that is no JSON: a proxy's page, or an emulator's.
  SyntaxError: "unavailable",
};

const FIXES: Partial<Record<ProviderErrorCode, string>> = {
  denied: "run rota doctor: it says whose credentials these are and what they lack",
  throttled: "wait a little; when it goes on, ask AWS for a higher quota",
};

const FIXES_BY_NAME: Readonly<Record<string, string>> = {
  QueueDeletedRecently: "apply again in a minute: SQS takes that long to forget a queue",
  ServiceQuotaExceededException: "ask AWS for a higher quota",
  CredentialsProviderError:
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile under the placement, or sign in with aws sso login",
};

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly retryAfterSeconds?: number;
}

/** What AWS answered to a call, in one of the closed codes. What is not known is `unavailable` when it may have had its effect. */
export function classify(error: unknown, call: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { name = "", code = "", message = "", $metadata, $response } = (error ?? {}) as ServiceError;
  const status = $metadata?.httpStatusCode;
  const known = CODES[name] ?? CODES[code] ?? codeByStatus(status) ?? codeByNetwork(code) ?? "internal";
  const waitMs = retryAfterMs($response?.headers?.["retry-after"]);
  const fix = FIXES_BY_NAME[name] ?? FIXES[known];
  // An answer that is none of AWS's: the first line says so, what follows is the SDK's advice to its own callers.
  const [first = ""] = message.split("\n");
  const title = name === "Error" ? code || String(status ?? "") : name;
  return new ProviderError(known, [call, title, first].filter((part) => part !== "").join(": "), {
    cause: error,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(fix === undefined ? {} : { fix }),
  });
}
