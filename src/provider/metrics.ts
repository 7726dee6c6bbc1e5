import type { Job } from "../model/index.ts";
import type { Metrics, Provider } from "./port.ts";

/** What is known of a job's runs there, or of all runs where the job is not known or nothing is said of it. */
export function metricsOf(provider: Pick<Provider, "capabilities" | "metrics">, job: Job | undefined): Metrics {
  return (job && provider.metrics?.(job)) ?? provider.capabilities.metrics;
}
