import type { Sample } from "../model/index.ts";
import type { Metrics } from "./facts.ts";
import type { Placed } from "./place.ts";

/** What shows that a run works. `output` is output that does not repeat itself; `artefacts` a change of its directory's size. */
export type Signal = "cpu" | "disk" | "network" | "output" | "progress" | "artefacts";

/**
 * CPU is compared with what `idleCpu` would use in ten seconds, however long the sample is. A burst of a second
 * is then work in a sample of ten seconds and in one of a minute alike (an average over the minute would hide
 * it), and shorter samples are summed over ten seconds so that a timer tick of 20 ms is not.
 */
export const BURST_SECONDS = 10;

/** From this share on, output is taken to repeat itself. */
export const REPEATING_SHARE = 0.95;

/** A figure that can be believed: finite and not negative (a counter that was reset is unknown, not less than nothing). */
export function known(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

/** CPU seconds within ten seconds above which it is work. */
export function cpuThresholdSeconds(cpu: number, idleCpu: number): number {
  return Math.max(0, cpu) * Math.max(0, idleCpu) * BURST_SECONDS;
}

/**
 * CPU seconds in one sample above which it is work. Of a whole machine the sample as such is compared, for bursts of
 * housekeeping are always in it; and however large the machine is, never with more than the background of one.
 */
export function cpuThresholdOf(sample: Sample, cpu: number, idleCpu: number, { background }: Background): number {
  if (!background) return cpuThresholdSeconds(cpu, idleCpu);
  return Math.min(Math.max(0, cpu) * Math.max(0, idleCpu), background.cpu) * secondsOf(sample);
}

type Background = Pick<Metrics, "background">;

function secondsOf({ from, to }: Sample): number {
  return Math.max(0, to - from) / 1000;
}

/** Every signal that the platform says it knows is in this sample. */
export function isWhole(sample: Sample, metrics: Metrics): boolean {
  return (
    (!metrics.cpu || known(sample.cpuSeconds)) &&
    (!metrics.io || (known(sample.readBytes) && known(sample.writtenBytes))) &&
    (!metrics.network || known(sample.networkBytes)) &&
    (!metrics.output || known(sample.outputBytes))
  );
}

/** Output that says the same again and again. Output of which it is not known whether it repeats is taken for new. */
export function repeats(sample: Sample): boolean {
  return known(sample.outputBytes) && sample.outputBytes > 0 && (sample.repeatingShare ?? 0) >= REPEATING_SHARE;
}

/** The signals of each placed sample; the input is oldest first. A signal counts even where the platform disclaims it. */
export function findSignals(
  placed: readonly Placed[],
  { cpu, idleCpu, metrics }: { readonly cpu: number; readonly idleCpu: number; readonly metrics: Background },
): Signal[][] {
  const signals = placed.map(({ sample }) => signalsOf(sample, metrics));
  markArtefacts(placed, signals);
  if (!metrics.background) markCpu(placed, signals, cpuThresholdSeconds(cpu, idleCpu));
  else
    placed.forEach((each, index) => {
      if (cpuOf(each) > cpuThresholdOf(each.sample, cpu, idleCpu, metrics)) markOnce(signals[index]);
    });
  return signals;
}

/** Of one sample by itself: all signals but `cpu` and `artefacts`. */
export function signalsOf(sample: Sample, { background }: Background): Signal[] {
  const found: Signal[] = [];
  const { readBytes, writtenBytes, networkBytes } = sample;
  const disk = (known(readBytes) ? readBytes : 0) + (known(writtenBytes) ? writtenBytes : 0);
  if (disk > (background ? background.diskBytes * secondsOf(sample) : 0)) found.push("disk");
  const network = known(networkBytes) ? networkBytes : 0;
  if (network > (background ? background.networkBytes * secondsOf(sample) : 0)) found.push("network");
  if (known(sample.outputBytes) && sample.outputBytes > 0 && !repeats(sample)) found.push("output");
  if (sample.progress === true) found.push("progress");
  return found;
}

function markArtefacts(placed: readonly Placed[], signals: readonly Signal[][]): void {
  let before: number | undefined;
  placed.forEach(({ sample }, index) => {
    if (!known(sample.diskBytes)) return;
    if (before !== undefined && before !== sample.diskBytes) signals[index]?.push("artefacts");
    before = sample.diskBytes;
  });
}

function markCpu(placed: readonly Placed[], signals: readonly Signal[][], threshold: number): void {
  let first = 0;
  let sum = 0;
  placed.forEach((each, index) => {
    sum += cpuOf(each);
    // The stretch holds whole samples only; one that is longer than it stands alone.
    while (first < index && each.endMs - (placed[first]?.startMs ?? 0) > BURST_SECONDS * 1000) {
      sum -= cpuOf(placed[first]);
      first += 1;
    }
    if (cpuOf(each) > threshold) markOnce(signals[index]);
    // A hair above, because a running sum of decimals is never quite exact.
    if (threshold === 0 || sum <= threshold * (1 + 1e-9)) return;
    for (let i = first; i <= index; i += 1) if (cpuOf(placed[i]) > 0) markOnce(signals[i]);
  });
}

function markOnce(signals: Signal[] | undefined): void {
  if (signals && !signals.includes("cpu")) signals.push("cpu");
}

function cpuOf(placed: Placed | undefined): number {
  return known(placed?.sample.cpuSeconds) ? placed.sample.cpuSeconds : 0;
}
