import { get, hasToken, listen, post, setToken, takeTokenFromAddress } from "./api.js";
import { change, tell, unlock } from "./dialog.js";
import { h, morph } from "./dom.js";
import { setZone } from "./format.js";
import { followLog, unlockLog } from "./logs.js";
import { overview } from "./overview.js";
import { fire, run } from "./run.js";
import { runs } from "./runs.js";
import { foot, problems, top } from "./shell.js";

const SETTLE_MS = 250;
const LEAST_MS = 1000;
const REFRESH_MS = 15_000;

const place = (id) => document.getElementById(id);
const page = {
  status: undefined,
  view: undefined,
  name: "",
  argument: "",
  data: undefined,
  linked: true,
  error: undefined,
};
let turn = 0;
let timer;
let took = 0;
let drawnAt = 0;

function route() {
  const [, name = "", argument = ""] = /^#\/([a-z]*)\/?(.*)$/.exec(location.hash) ?? [];
  if (name === "runs") return ["runs", runs, argument];
  if (name === "run") return ["run", run, argument];
  if (name === "fire") return ["fire", fire, argument];
  return ["overview", overview, name === "day" ? argument : ""];
}

async function refresh() {
  clearTimeout(timer);
  timer = undefined;
  const mine = ++turn;
  const started = performance.now();
  const [name, view, argument] = route();
  const moved = name !== page.name || argument !== page.argument;
  try {
    const status = await get("/api/status");
    setZone(status.timezone);
    const data = await view.load(argument, status);
    if (mine !== turn) return;
    Object.assign(page, { status, data, view, name, argument, error: undefined, linked: true });
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof TypeError) page.linked = false;
    else Object.assign(page, { view, name, argument, data: undefined, error });
    if (error.status === 401) return lockedOut();
  }
  drawnAt = performance.now();
  took = drawnAt - started;
  draw();
  if (moved) {
    document.title = page.status ? `${view.title} · ${page.status.namespace} · rota` : "rota";
    scrollTo(0, 0);
  }
}

/** On an address that is not loopback, reading needs the token too. */
async function lockedOut() {
  setToken(null);
  if (await unlock("On this address everything needs it.")) await refresh();
}

function draw() {
  const { status, view, name, data, linked, error } = page;
  morph(place("top"), top(status, name, linked));
  morph(place("problems"), problems(status, linked));
  morph(place("foot"), foot(status));
  if (error)
    morph(place("main"), [
      h(
        "div",
        { class: "card" },
        h("h1", {}, "That cannot be shown"),
        h("p", {}, error.message),
        error.fix ? h("p", { class: "quiet" }, error.fix) : null,
      ),
    ]);
  else if (data) morph(place("main"), [view.render(data, status)]);
  followLog();
}

/** Many events become one picture, and a busy daemon is not asked more than a tenth of the time. */
function soon() {
  const rest = Math.max(LEAST_MS, 10 * took) - (performance.now() - drawnAt);
  timer ??= setTimeout(refresh, Math.max(SETTLE_MS, rest));
}

function announce(text) {
  place("announce").replaceChildren(text);
}

async function done(promise, text) {
  if (!(await promise)) return;
  announce(text);
  await refresh();
}

const actions = {
  unlockLog,
  kill: ({ dataset }) =>
    done(
      change({
        title: `Stop ${dataset.job}?`,
        text: "It is asked politely first, and ended after its grace.",
        confirm: "Stop it",
        danger: true,
        path: `/api/runs/${encodeURIComponent(dataset.run)}/kill`,
        body: {},
      }),
      "The stop is on its way",
    ),
  excuse: ({ dataset }) =>
    done(
      change({
        title: "Excuse this fire",
        text: dataset.fire,
        confirm: "Sign it off",
        path: "/api/fires/excuse",
        body: { fire: dataset.fire },
      }),
      "Excused",
    ),
  releaseGuard: () =>
    done(
      change({
        title: "Let the guard stop runs again?",
        text: page.status.guardHeld,
        confirm: "Release it",
        danger: true,
        path: "/api/guard/release",
        body: {},
      }),
      "The guard works again",
    ),
  releaseBudget: ({ dataset }) =>
    done(
      change({
        title: `Resume the jobs of ${dataset.budget}?`,
        confirm: "Resume",
        path: `/api/budgets/${encodeURIComponent(dataset.budget)}/release`,
        body: {},
      }),
      "Resumed",
    ),
  async start({ dataset }) {
    if (!hasToken() && !(await unlock("Changes need it."))) return;
    try {
      const started = await post(`/api/jobs/${encodeURIComponent(dataset.job)}/run`, {});
      location.hash = `#/run/${encodeURIComponent(started.run)}`;
    } catch (error) {
      if (error.status === 401) setToken(null);
      await tell("It was not started", [error.message, error.fix].filter(Boolean).join(" — "));
    }
  },
};

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-action]");
  if (!target) return;
  const own = page.view?.actions[target.dataset.action];
  if (own) {
    own(target);
    draw();
  } else actions[target.dataset.action]?.(target);
});
document.addEventListener("change", (event) => {
  if (event.target.dataset?.change === "date" && event.target.value) location.hash = `#/day/${event.target.value}`;
});
// `toggle` does not bubble: it is caught on its way down.
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.("details.job")) return;
    page.view?.toggled?.(event.target);
    draw();
  },
  true,
);
addEventListener("hashchange", () => {
  takeTokenFromAddress();
  void refresh();
});

takeTokenFromAddress();
await refresh();
setInterval(() => {
  if (document.visibilityState === "visible") soon();
}, REFRESH_MS);
void listen(soon, (linked) => {
  if (linked === page.linked) return;
  page.linked = linked;
  if (linked) soon();
  else draw();
});
