import { h, s } from "./dom.js";

/** How a state looks and reads; the sign and the word say it, the colour only helps. */
const STATES = {
  ran: ["✓", "ran", "good"],
  running: ["…", "running", "live"],
  late: ["◷", "late", "warn"],
  missed: ["✗", "missed", "bad"],
  failed: ["!", "failed", "bad"],
  killed: ["⊘", "killed", "stop"],
  excused: ["–", "excused", "calm"],
  upcoming: ["·", "upcoming", "calm"],
  succeeded: ["✓", "succeeded", "good"],
  queued: ["…", "queued", "live"],
  starting: ["…", "starting", "live"],
  lost: ["?", "lost", "bad"],
  skipped: ["–", "skipped", "calm"],
};

export const FIRE_STATES = ["missed", "failed", "killed", "late", "running", "ran", "excused", "upcoming"];
/** What a person should look at, until it is excused. */
export const ATTENTION = new Set(["missed", "failed", "killed", "late"]);

export function look(state) {
  const [sign, word, tone] = STATES[state] ?? ["?", state, "calm"];
  return { sign, word, tone };
}

export function badge(state) {
  const { sign, word, tone } = look(state);
  return h("span", { class: `badge ${tone}` }, h("span", { class: "sign", "aria-hidden": "true" }, sign), word);
}

const BUCKETS = 96;
const RANK = new Map(FIRE_STATES.map((state, index) => [state, index]));

/** The day as a strip of quarter hours, each with the state most worth seeing; `minute` gives a fire's place. */
export function strip(fires, minute, label) {
  const buckets = new Map();
  for (const fire of fires) {
    const at = Math.min(BUCKETS - 1, Math.floor((minute(fire) * BUCKETS) / 1440));
    const before = buckets.get(at);
    if (before === undefined || (RANK.get(fire.state) ?? 99) < (RANK.get(before) ?? 99)) buckets.set(at, fire.state);
  }
  const hours = [6, 12, 18].map((hour) => s("line", { x1: hour * 4, x2: hour * 4, y1: 0, y2: 16, class: "hour" }));
  const marks = [...buckets].map(([at, state]) =>
    s("rect", { x: at + 0.1, y: 2, width: 0.8, height: 12, class: `mark ${look(state).tone} ${state}` }),
  );
  const attributes = { viewBox: "0 0 96 16", preserveAspectRatio: "none", class: "strip", role: "img" };
  return s(
    "svg",
    { ...attributes, "aria-label": label },
    s("rect", { width: 96, height: 16, class: "ground" }),
    hours,
    marks,
  );
}
