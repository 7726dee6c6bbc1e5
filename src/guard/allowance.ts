import { durationText, percentText, type Safety } from "../model/index.ts";

export interface StopFacts {
  /** Stops the guard has sent within the last `safety.perSeconds`, by the steady clock. */
  readonly stopsInWindow: number;
  /** Runs that are open now. */
  readonly inFlight: number;
  readonly safety: Safety;
  /** Why the guard is held, until a person releases it. */
  readonly held?: string;
}

export type StopAllowance =
  | { readonly kind: "allowed"; readonly limit: number; readonly left: number }
  /** Stop nothing; `hold`: this is the moment to hold the guard, record it, and tell a person. */
  | { readonly kind: "held"; readonly hold: boolean; readonly reason: string; readonly fix: string };

/** The blast radius: whether one more stop may be sent. The larger of the absolute limit and the share counts. */
export function stopAllowance(facts: StopFacts): StopAllowance {
  const { stopsInWindow, inFlight, safety, held } = facts;
  const fix = "Look at the runs it wanted to stop (rota runs, rota explain RUN), then release the guard.";
  if (held !== undefined) return { kind: "held", hold: false, reason: `the guard is held: ${held}`, fix };
  const byShare = Math.floor(safety.share * inFlight + 1e-9);
  const limit = Math.max(safety.maxStops, byShare);
  const left = limit - stopsInWindow;
  if (left > 0) return { kind: "allowed", limit, left };
  const per = durationText(safety.perSeconds);
  const rule = `safety allows ${limit} (the larger of ${safety.maxStops} and ${percentText(safety.share)} of ${inFlight} in flight) per ${per}`;
  return {
    kind: "held",
    hold: true,
    reason: `${stopsInWindow} stops in the last ${per}; ${rule}. Nothing more is stopped until a person says so`,
    fix,
  };
}
