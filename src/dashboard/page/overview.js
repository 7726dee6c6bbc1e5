import { get } from "./api.js";
import { h, s } from "./dom.js";
import { addDays, clock, duration, localDate, moment, money, percent } from "./format.js";
import { runRows } from "./runs.js";
import { sheet } from "./sheet.js";

const opened = new Set();
let filter;

/** The first view: the sheet, and beside it what runs, what it costs, what comes. */
export const overview = {
  title: "Today",
  async load(date, status) {
    const asked = date ? `?date=${encodeURIComponent(date)}` : "";
    const since = new Date(`${addDays(localDate(status.daemon.now), -1)}T00:00:00Z`).toISOString();
    const [today, runs] = await Promise.all([get(`/api/today${asked}`), get(`/api/runs?limit=12&since=${since}`)]);
    return { today, runs: runs.runs };
  },
  render({ today, runs }, status) {
    if (filter && !today.counts[filter]) filter = undefined;
    const current = localDate(status.daemon.now);
    return h(
      "div",
      { class: "columns", "data-key": "overview" },
      h("div", { class: "wide" }, sheet(today, { filter, current, opened })),
      h("aside", { "aria-label": "Now" }, inFlight(status), recent(runs, status), budgets(status), upcoming(status)),
    );
  },
  actions: {
    filter(target) {
      filter = filter === target.dataset.state ? undefined : target.dataset.state;
    },
  },
  toggled(details) {
    if (details.open) opened.add(details.dataset.job);
    else opened.delete(details.dataset.job);
  },
};

function inFlight(status) {
  const rows = status.running.map((run) =>
    h(
      "li",
      { "data-key": run.run },
      h("a", { href: `#/run/${encodeURIComponent(run.run)}` }, run.job),
      h(
        "span",
        { class: "quiet", title: run.cost ? `${run.cost.amount} ${run.cost.currency}` : null },
        `${lasted(run, status)} · ${run.cost ? money(run.cost) : "no cost yet"}`,
      ),
      h(
        "button",
        {
          class: "plain small",
          "data-action": "kill",
          "data-run": run.run,
          "data-job": run.job,
          "aria-label": `Stop ${run.job}`,
        },
        "Stop",
      ),
    ),
  );
  return card(
    "flight",
    "Running now",
    rows.length > 0 ? h("ul", { class: "lines flight" }, rows) : h("p", { class: "empty" }, "Nothing runs."),
  );
}

function lasted(run, status) {
  if (!run.startedAt) return run.status;
  return duration(Date.parse(status.daemon.now) - Date.parse(run.startedAt));
}

function recent(runs, status) {
  const ended = runs.filter((run) => run.endedAt !== null).slice(0, 8);
  const body = ended.length > 0 ? runRows(ended, status, true) : h("p", { class: "empty" }, "No run has ended yet.");
  return card("recent", "Latest runs", body, h("a", { href: "#/runs" }, "all runs"));
}

function budgets(status) {
  if (status.budgets.length === 0) return null;
  const rows = status.budgets.map((budget) => {
    const share = percent(budget.spent, budget.limit);
    const words = { ok: "within", warned: "warned", reached: "reached", held: "held: its jobs are paused" };
    const tone = { ok: "good", warned: "warn", reached: "bad", held: "stop" }[budget.state] ?? "calm";
    return h(
      "li",
      { "data-key": budget.budget },
      h(
        "div",
        { class: "budget-head" },
        h("strong", {}, budget.budget),
        h("span", { class: `tally ${tone}` }, words[budget.state] ?? budget.state),
      ),
      s(
        "svg",
        {
          class: `bar ${tone}`,
          viewBox: "0 0 100 1",
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": `${budget.budget}: ${share}% of the limit`,
        },
        s("rect", { width: Math.min(100, share), height: 1 }),
      ),
      h(
        "div",
        { class: "budget-foot quiet" },
        h(
          "span",
          { title: `${budget.spent.amount} ${budget.spent.currency}` },
          `${money(budget.spent)} of ${money(budget.limit)} (${share}%)`,
        ),
        h(
          "span",
          budget.upcomingLeftOut ? { title: `without ${budget.upcomingLeftOut} fires whose cost is not known` } : {},
          budget.forecast
            ? `forecast ${money(budget.forecast)}${budget.upcomingLeftOut ? " and more" : ""}`
            : budget.period,
        ),
      ),
      budget.state === "held"
        ? h(
            "button",
            { class: "plain small", "data-action": "releaseBudget", "data-budget": budget.budget },
            "Resume its jobs",
          )
        : null,
    );
  });
  return card("budgets", "Budgets", h("ul", { class: "budgets" }, rows));
}

function upcoming(status) {
  if (status.nextFires.length === 0) return null;
  const now = Date.parse(status.daemon.now);
  const rows = status.nextFires
    .slice(0, 6)
    .map((fire) =>
      h(
        "li",
        { "data-key": `${fire.job}${fire.at}` },
        h("span", { class: "name" }, fire.job),
        h("span", { class: "quiet" }, `in ${duration(Date.parse(fire.at) - now)}`),
        h(
          "time",
          { datetime: fire.at, class: "figure" },
          Date.parse(fire.at) - now < 86_400_000 ? clock(fire.at) : moment(fire.at, status.daemon.now),
        ),
      ),
    );
  return card("upcoming", "Next", h("ul", { class: "lines" }, rows));
}

export function card(key, title, body, link) {
  return h(
    "section",
    { class: "card", "aria-labelledby": key, "data-key": key },
    h("div", { class: "card-head" }, h("h2", { id: key }, title), link ?? null),
    body,
  );
}
