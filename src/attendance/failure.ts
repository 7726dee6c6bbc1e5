import { stripVTControlCharacters } from "node:util";
import { bytesText, elapsedText, type Run } from "../model/index.ts";
import { meaningOfCode, meaningOfSignal, signalOfCode, startFix, symptomIn } from "./exit.ts";
import type { Responsible, RunEvidence } from "./explanation.ts";
import { lastOf, said } from "./latest.ts";

/** Memory at or above this share of what was asked for is evidence of having run out of it. */
const OUT_OF_MEMORY_SHARE = 0.95;
const LONGEST_QUOTE = 300;

/** Why a run failed: its exit code or signal by convention, what it last wrote, or what kept it from starting. */
export function failedRun(evidence: RunEvidence): Responsible {
  const { run } = evidence;
  const component = recorded(evidence);
  const reason = said(evidence) ?? "";
  if (run.signal !== undefined) return bySignal(evidence, run.signal);
  if (run.exitCode !== undefined) return byExitCode(evidence, run.exitCode);
  if (component === "start" || run.startedAt === undefined) return notStarted(evidence, component, reason);
  if (component === undefined || reason === "") {
    return {
      component: component ?? "unknown",
      evidence: "it failed, and neither exit code nor signal nor reason is recorded",
      fix: `look at its output (rota logs ${run.run}) and at ${run.placement}`,
    };
  }
  return { component, evidence: reason, fix: component === "provider" ? providerFix(run) : logsFix(run) };
}

/** A request that was answered has started: what it says then is the workload's. */
function recorded(evidence: RunEvidence): Responsible["component"] | undefined {
  const component = lastOf(evidence, "run.ended")?.component;
  const answered = evidence.run.workload === "http" && evidence.run.startedAt !== undefined;
  return component === "start" && answered ? "workload" : component;
}

function notStarted(
  evidence: RunEvidence,
  component: Responsible["component"] | undefined,
  reason: string,
): Responsible {
  const { run } = evidence;
  if (reason === "" && component === undefined) {
    return {
      component: "unknown",
      evidence: "it failed before it started, and the record does not say why",
      fix: `rota doctor checks ${run.placement}`,
    };
  }
  return {
    component: component ?? "start",
    evidence: `it never started: ${reason === "" ? "no reason is recorded" : reason}`,
    fix: startFix(reason) ?? `check the job's command or image and its rights; rota doctor checks ${run.placement}`,
  };
}

function byExitCode(evidence: RunEvidence, code: number): Responsible {
  const { run } = evidence;
  // Above 128 a shell or a container runtime speaks of a signal; a program may also choose such a number.
  const signal = signalOfCode(code);
  const known = signal === undefined ? meaningOfCode(code) : meaningOfSignal(signal);
  const name = signal === undefined ? "" : `${signal}: `;
  const symptom = symptomIn(evidence.stderrTail ?? []);
  const memory = memoryText(evidence);
  return {
    component: "workload",
    evidence:
      `exit code ${code}${known ? ` (${name}${known.meaning})` : ""}${took(run)}${memory}${ownWords(evidence, code)}` +
      `${signal === undefined ? "" : "; no stop by rota is recorded"}${lastWords(evidence, symptom?.line)}`,
    fix: symptom?.fix ?? (memory === "" ? fixFor(known?.fix, run) : MORE_MEMORY),
  };
}

export function bySignal(evidence: RunEvidence, signal: string): Responsible {
  const { run } = evidence;
  const meaning = meaningOfSignal(signal);
  const memory = memoryText(evidence);
  const symptom = symptomIn(evidence.stderrTail ?? []);
  return {
    component: "signal",
    evidence:
      `ended by ${signal}${meaning ? ` (${meaning.meaning})` : ""}${took(run)}${memory}; ` +
      `no stop by rota is recorded${lastWords(evidence, symptom?.line)}`,
    fix: memory === "" ? (symptom?.fix ?? fixFor(meaning?.fix, run)) : MORE_MEMORY,
  };
}

/** What the record adds to the bare code, e.g. which command was not found. */
function ownWords(evidence: RunEvidence, code: number): string {
  const reason = said(evidence);
  return reason === undefined || reason === `exit code ${code}` ? "" : `: ${reason}`;
}

const MORE_MEMORY = "raise the job's memory, or use less";

/** What it used, when that is nearly all that it asked for. */
function memoryText({ run, peakMemoryBytes }: RunEvidence): string {
  if (peakMemoryBytes === undefined || run.memoryBytes <= 0) return "";
  if (peakMemoryBytes < run.memoryBytes * OUT_OF_MEMORY_SHARE) return "";
  return `; it used ${bytesText(peakMemoryBytes)} of ${bytesText(run.memoryBytes)}`;
}

/** ` after 4m 2s`, or nothing when a time is not known. */
export function took({ startedAt, endedAt }: Run): string {
  if (startedAt === undefined || endedAt === undefined) return "";
  return ` after ${elapsedText((endedAt - startedAt) / 1000)}`;
}

/** A line of the run's own output, quoted. It is a stranger's text: no control characters reach a terminal. */
function lastWords({ stderrTail = [] }: RunEvidence, symptom: string | undefined): string {
  const line = symptom ?? stderrTail.findLast((text) => text.trim() !== "");
  if (line === undefined) return "";
  const plain = stripVTControlCharacters(line)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
  return `; it wrote: ${plain.length > LONGEST_QUOTE ? `${plain.slice(0, LONGEST_QUOTE)}…` : plain}`;
}

function fixFor(fix: string | undefined, run: Run): string {
  return fix === undefined ? logsFix(run) : `${fix}: rota logs ${run.run}`;
}

function logsFix(run: Run): string {
  return `read what it wrote: rota logs ${run.run}`;
}

function providerFix(run: Run): string {
  return `rota doctor checks ${run.placement}; then rota run ${run.job}`;
}
