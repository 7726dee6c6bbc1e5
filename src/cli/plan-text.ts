import { jobLabel } from "../model/index.ts";
import { type ApplyRefusal, changeToJson, type Plan, summary } from "../plan/index.ts";
import type { Terminal } from "./terminal.ts";

const MARKS = { create: ["+", "green"], update: ["~", "yellow"], delete: ["-", "red"], keep: ["=", "dim"] } as const;
const MOST_VALUE = 60;

/** A plan for a person: what changes and why, what to know before, why `apply` would refuse it, and the count. */
export function planText(plan: Plan, terminal: Terminal, foreseen: readonly ApplyRefusal[] = []): string {
  const lines: string[] = [];
  for (const planned of plan.changes) {
    const change = changeToJson(planned);
    if (change.action === "keep") continue;
    const [mark, colour] = MARKS[change.action];
    lines.push(
      `${terminal.paint(`${mark} ${change.action}`, colour)}  ${jobLabel(change.job)} ${terminal.paint(`(${change.placement}: ${change.resource})`, "dim")}  ${change.why}`,
    );
    for (const f of change.fields) lines.push(`      ${f.path}: ${short(f.from)} → ${short(f.to)}`);
  }
  for (const w of plan.warnings)
    lines.push(`${terminal.paint("!", "yellow")} ${w.job === "" ? "" : `${w.job}: `}${w.text}`);
  for (const d of plan.differences)
    lines.push(
      `${terminal.paint("≠", "yellow")} ${d.job} at ${d.placement} on ${d.local}: ${d.kind}, ${d.detail}${d.allowed ? " (allowed)" : ""}`,
    );
  for (const t of plan.trial) {
    // That of good runs is said below, with the way out.
    if (t.goodRunsStopped > 0 && foreseen.some(({ code }) => code === "trial")) continue;
    lines.push(
      `${terminal.paint("⚑", "yellow")} ${t.job}: the new limits (${t.changed.join(", ")}) would have stopped ${t.stopped.length} of its last ${t.runs} runs, ${t.goodRunsStopped} of which succeeded${t.unknown.length > 0 ? `; nothing is known of ${t.unknown.length}` : ""}`,
    );
  }
  for (const r of plan.refusals)
    lines.push(`${terminal.paint("✗", "red")} ${r.job === "" ? "" : `${r.job}: `}${r.reason}\n      ${r.fix}`);
  for (const { reason, fix } of foreseen)
    lines.push(`${terminal.paint("✗", "red")} apply would refuse this now: ${reason}\n      ${fix}`);
  if (lines.length > 0) lines.push("");
  lines.push(summary(plan).text);
  return lines.join("\n");
}

function short(value: unknown): string {
  if (value === undefined) return "–";
  const text = JSON.stringify(value);
  return text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE)}…` : text;
}
