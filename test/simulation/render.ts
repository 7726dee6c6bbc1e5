import type { LedgerEvent } from "../../src/model/index.ts";
import type { Story, Violation } from "./story.ts";

/** Around a violation: what concerns its run or job within this, and whatever else happened within a tenth of it. */
const AROUND_MS = 30 * 60_000;
const MOST_LINES = 30;

interface Line {
  readonly at: number;
  readonly text: string;
  readonly about: readonly string[];
}

/** The invariant, and the timeline around the moment at which it broke. */
export function renderViolation(story: Story, violation: Violation): string {
  const { invariant, at, what, run, job } = violation;
  const names = [run, job].filter((n): n is string => n !== undefined && n !== "");
  const near = timeline(story).filter((line) => {
    const apart = Math.abs(line.at - at);
    if (line.about.some((a) => names.some((n) => a === n || a.startsWith(`${n}.`) || a.startsWith(`${n}/`))))
      return apart <= AROUND_MS;
    return apart <= AROUND_MS / 10 && line.about.length === 0;
  });
  const middle = near.findIndex((line) => line.at >= at);
  const from = Math.max(0, Math.min(middle - MOST_LINES / 2, near.length - MOST_LINES));
  const lines = near.slice(from, from + MOST_LINES).map((line) => `    ${stamp(line.at)} ${line.text}`);
  return [`  ${invariant} broken at ${stamp(at)}, seed ${story.seed}: ${what}`, ...lines].join("\n");
}

export function renderStory(story: Story): string {
  return timeline(story)
    .map((line) => `  ${stamp(line.at)} ${line.text}`)
    .join("\n");
}

function timeline(story: Story): Line[] {
  const lines: Line[] = story.notes.map(({ at, text }) => ({ at, text: `· ${text}`, about: [] }));
  for (const { at, seq, event } of story.entries)
    lines.push({ at, text: `#${seq} ${told(event)}`, about: aboutOf(event) });
  for (const c of story.calls) {
    if (c.method === "listRuns" || c.method === "listDeployments") continue;
    const about = [c.run, c.job].filter((a): a is string => a !== undefined);
    const text = `→ ${c.method} ${c.change ?? c.run ?? c.handle ?? c.job ?? ""} ${c.mode ?? ""} (${c.answered ?? "no answer"}, ${c.committed})`;
    lines.push({ at: c.at, text, about: about.length > 0 ? about : [c.handle ?? "?"] });
  }
  for (const e of story.executions)
    lines.push({
      at: e.acceptedAt,
      text: `* ${e.id} ${e.run ?? ""} of ${e.request.job.name} begins`,
      about: [e.run ?? e.request.job.name],
    });
  return lines.sort((a, b) => a.at - b.at);
}

function told(event: LedgerEvent): string {
  const text = JSON.stringify(event, (key, value) => (key === "desired" || key === "limits" ? undefined : value));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function aboutOf(event: LedgerEvent): string[] {
  const about: string[] = [];
  if ("run" in event) about.push(typeof event.run === "string" ? event.run : event.run.run);
  if ("job" in event && typeof event.job === "string") about.push(event.job);
  if (event.type === "run.created") about.push(event.run.job);
  if (event.type === "job.deployed") about.push(event.desired.job.name);
  return about;
}

function stamp(at: number): string {
  return new Date(at).toISOString().slice(0, 23);
}
