import { get } from "./api.js";
import { h } from "./dom.js";
import { clock, duration, moment, money } from "./format.js";
import { badge, look } from "./state.js";

const STATUSES = ["running", "succeeded", "failed", "killed", "lost", "skipped"];
const PAGE = 100;

/** `#/runs`, `#/runs/failed`, `#/runs//JOB`. */
export const runs = {
  title: "Runs",
  async load(argument) {
    const [status = "", job = ""] = argument.split("/").map(decodeURIComponent);
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (status) query.append("status", status);
    if (status === "running") for (const more of ["queued", "starting"]) query.append("status", more);
    if (job) query.set("job", job);
    return { status, job, runs: (await get(`/api/runs?${query}`)).runs };
  },
  render({ status, job, runs: list }, now) {
    const link = (to, text) =>
      h(
        "a",
        {
          class: "chip",
          href: `#/runs/${to}${job ? `/${encodeURIComponent(job)}` : ""}`,
          "aria-current": to === status ? "true" : null,
        },
        text,
      );
    return h(
      "div",
      { "data-key": "runs" },
      h("h1", {}, job ? `Runs of ${job}` : "Runs"),
      h(
        "nav",
        { class: "counts", "aria-label": "Status" },
        link("", "all"),
        STATUSES.map((each) => link(each, look(each).word)),
        job ? h("a", { class: "chip", href: "#/runs" }, "every job") : null,
      ),
      h(
        "section",
        { class: "card", "aria-label": "Runs" },
        list.length > 0 ? runRows(list, now, false) : h("p", { class: "empty" }, "No run matches."),
        list.length === PAGE ? h("p", { class: "quiet" }, `The newest ${PAGE}; rota runs shows more.`) : null,
      ),
    );
  },
  actions: {},
};

/** Runs as rows; each says what became of it, and why when it did not go well. */
export function runRows(list, status, brief) {
  const now = Date.parse(status.daemon.now);
  const rows = list.map((run) => {
    const from = Date.parse(run.startedAt ?? run.createdAt);
    const length = duration((run.endedAt ? Date.parse(run.endedAt) : now) - from);
    return h(
      "li",
      { "data-key": run.run },
      h(
        "time",
        { datetime: run.startedAt ?? run.createdAt },
        (brief ? clock : (at) => moment(at, status.daemon.now))(run.startedAt ?? run.createdAt),
      ),
      badge(run.status),
      h(
        "span",
        { class: "what" },
        h("a", { href: `#/run/${encodeURIComponent(run.run)}` }, run.job),
        run.attempt > 1 ? h("span", { class: "quiet" }, ` attempt ${run.attempt}`) : null,
        brief && run.status === "succeeded" ? null : h("span", { class: "reason" }, " ", why(run)),
      ),
      h("span", { class: "figure" }, length),
      h(
        "span",
        {
          class: "figure",
          title: run.cost
            ? `${run.cost.amount} ${run.cost.currency} ${run.cost.basis}`
            : (run.unpriced ?? "no cost yet"),
        },
        cost(run),
      ),
    );
  });
  return h("ul", { class: brief ? "runs brief" : "runs" }, rows);
}

export function why(run) {
  const verdict = run.verdict?.breaches
    .map((breach) => `${breach.limit}: ${breach.observed} (limit ${breach.declared})`)
    .join("; ");
  if (verdict && run.verdict.action === "stop") return verdict;
  if (verdict) return `${run.verdict.action}: ${verdict}`;
  return run.reason ?? (run.exitCode === null || run.exitCode === 0 ? "" : `exit code ${run.exitCode}`);
}

export function cost(run) {
  if (run.cost) return money(run.cost);
  return run.unpriced ? "unpriced" : "–";
}
