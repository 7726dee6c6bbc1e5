import type { FastifyBaseLogger } from "fastify";
import type { CostOutlook } from "../cost/index.ts";
import type { Control } from "../engine/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { Budget, Clock, Job, Run } from "../model/index.ts";
import type { LogChunk } from "../provider/index.ts";
import type { LiveCost } from "../query/index.ts";
import type { Metrics } from "./metrics.ts";

/** What the views need to know of the manifest in force; asked at every request, for the manifest may change. */
export interface ViewSettings {
  readonly namespace: string;
  readonly environment: string;
  /** IANA zone of the day's sheet. */
  readonly timezone: string;
  readonly currency: string;
  readonly budgets: readonly Budget[];
  readonly liveCost?: LiveCost;
  readonly outlook?: CostOutlook;
  /** How long a fire may go without a record before the sheet calls it missed, by placement and job. */
  readonly graceMs?: (placement: string, job: Job) => number;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
  readonly signal: AbortSignal;
}

/** The kept output of a run; throws ProviderError `missing` when there is none. */
export type LogSource = (run: Run, options: LogOptions) => AsyncIterable<LogChunk>;

/** A file of the page, served from memory at `path` (`/`, `/app.js`). */
export interface PageAsset {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

export interface ServerOptions {
  readonly control: Control;
  readonly ledger: LedgerReader;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  readonly version: string;
  readonly views: () => ViewSettings;
  readonly logs: LogSource;
  /** From readOrCreateToken, or given by a person; at least 32 characters. */
  readonly token: string;
  /** A person chose the token for this; needed to listen anywhere but on a loopback address. */
  readonly tokenGiven?: boolean;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly socketPath?: string;
  /** Further values of Host (`name` or `name:port`), for a proxy in front. */
  readonly allowedHosts?: readonly string[];
  readonly metrics?: Metrics;
  readonly page?: readonly PageAsset[];
}
