import { ApiError, hasToken, stream } from "./api.js";
import { unlock } from "./dialog.js";
import { h } from "./dom.js";

const MOST_CHARACTERS = 400_000;
const TAIL_LINES = 2000;

let stop = new AbortController();
let shown;

/** The output's place in the page. It is filled once by `followLog`, and a new picture leaves it alone. */
export function logPanel(run, live) {
  return h(
    "section",
    {
      class: "card log",
      "aria-labelledby": "log",
      "data-key": `log-${run}`,
      "data-still": "",
      "data-log": run,
      "data-live": String(live),
    },
    h(
      "div",
      { class: "card-head" },
      h("h2", { id: "log" }, "Output"),
      h("span", { class: "quiet", "data-log-state": "" }),
    ),
    h("pre", { tabindex: "0", "aria-label": "What the run printed" }),
    h("button", { class: "plain", "data-action": "unlockLog", hidden: true }, "Show the output"),
  );
}

/** Called after every picture: starts to follow the log that is on the page now, and leaves the one that went. */
export function followLog() {
  const panel = document.querySelector("[data-log]");
  const run = panel?.dataset.log;
  if (run === shown) return;
  stop.abort();
  stop = new AbortController();
  shown = run;
  if (panel) void read(panel, run, stop.signal);
}

export async function unlockLog() {
  if (!(await unlock("What jobs print may hold anything, so it needs the token."))) return;
  shown = undefined;
  followLog();
}

async function read(panel, run, signal) {
  const [pre, button] = [panel.querySelector("pre"), panel.querySelector("button")];
  const say = (text) => panel.querySelector("[data-log-state]").replaceChildren(text);
  const locked = (text) => {
    say(text);
    button.hidden = false;
    pre.hidden = true;
  };
  if (!hasToken()) return locked("needs the token");
  button.hidden = true;
  pre.hidden = false;
  pre.replaceChildren();
  const text = document.createTextNode("");
  pre.append(text);
  const live = panel.dataset.live === "true";
  say(live ? "following" : "");
  try {
    const path = `/api/runs/${encodeURIComponent(run)}/logs?tail=${TAIL_LINES}${live ? "&follow=1" : ""}`;
    await stream(path, (piece) => append(pre, text, piece), signal);
    say(text.data === "" ? "it printed nothing" : "complete");
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError && error.status === 401) return locked("that was not the token");
    say(error instanceof ApiError ? error.message : "the line to the daemon broke");
  }
}

/** Keeps the end of what came, and the view at the end unless the person scrolled up. */
function append(pre, text, piece) {
  const atEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 8;
  const all = text.data + piece;
  text.data = all.length > MOST_CHARACTERS ? `… ${all.slice(-MOST_CHARACTERS)}` : all;
  if (atEnd) pre.scrollTop = pre.scrollHeight;
}
