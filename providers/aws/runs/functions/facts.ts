import { ProviderError } from "../../../../src/provider/index.ts";
import type { Api, Calls } from "../../api/index.ts";
import type { Signal } from "../../resources/world.ts";

const MIB = 2 ** 20;
/** Included; more has a price of its own, which is not in the price book. */
const STORAGE_MB = 512;
/** Lambda's longest. */
const LONGEST_SECONDS = 900;

/** A function as it stands: what its log does not say of itself. */
export interface FunctionFacts {
  readonly name: string;
  readonly logGroup: string;
  /** Other functions may write into the group as well: streams of this one bear its name. */
  readonly isGroupNamed: boolean;
  /** False: the lines that rota reads are not written. */
  readonly isLogged: boolean;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** By which billing rule. */
  readonly service: "lambda" | "lambda-arm";
  readonly isPriced: boolean;
}

/** Undefined when there is no such function. */
export async function readFacts(api: Api, arn: string, signal: Signal): Promise<FunctionFacts | undefined> {
  try {
    return factsOf(nameOf(arn), await api.send("lambda:GetFunctionConfiguration", { FunctionName: arn }, signal));
  } catch (error) {
    if (error instanceof ProviderError && error.code === "missing") return undefined;
    throw error;
  }
}

function factsOf(name: string, read: Calls["lambda:GetFunctionConfiguration"]["output"]): FunctionFacts {
  const { LoggingConfig = {}, Timeout = LONGEST_SECONDS, MemorySize = 0, Architectures = [], EphemeralStorage } = read;
  const own = logGroupOf(name);
  const { LogGroup = own, SystemLogLevel } = LoggingConfig;
  return {
    name,
    logGroup: LogGroup,
    isGroupNamed: LogGroup !== own,
    isLogged: SystemLogLevel !== "WARN",
    timeoutMs: Timeout * 1000,
    memoryBytes: MemorySize * MIB,
    service: Architectures.includes("arm64") ? "lambda-arm" : "lambda",
    isPriced: (EphemeralStorage?.Size ?? STORAGE_MB) <= STORAGE_MB,
  };
}

/** Without a version or an alias. */
export function nameOf(arn: string): string {
  return arn.split(":")[6] ?? "";
}

/** Where a function logs unless it says otherwise. */
export function logGroupOf(name: string): string {
  return `/aws/lambda/${name}`;
}
