import { get } from "./api.js";
import { h } from "./dom.js";
import { clockSeconds, day, duration, money } from "./format.js";
import { logPanel } from "./logs.js";
import { card } from "./overview.js";
import { cost } from "./runs.js";
import { badge } from "./state.js";

const OPEN = new Set(["queued", "starting", "running"]);

/** `#/run/ID`: what happened, who is responsible, what it printed. */
export const run = {
  title: "Run",
  async load(argument) {
    const id = encodeURIComponent(decodeURIComponent(argument));
    const [detail, explained] = await Promise.all([get(`/api/runs/${id}`), get(`/api/runs/${id}/explain`)]);
    return { detail, explained };
  },
  render({ detail, explained }, status) {
    return h(
      "div",
      { class: "run", "data-key": `run-${detail.run}` },
      head(detail),
      verdict(detail),
      h(
        "div",
        { class: "columns" },
        h("div", { class: "wide" }, responsible(explained), logPanel(detail.run, OPEN.has(detail.status))),
        h("aside", { "aria-label": "Facts" }, facts(detail, status), timeline(explained)),
      ),
    );
  },
  actions: {},
};

/** `#/fire/KEY`: why a fire started no run. */
export const fire = {
  title: "Fire",
  async load(argument) {
    return get(`/api/fires/explain?fire=${encodeURIComponent(decodeURIComponent(argument))}`);
  },
  render(explained) {
    const [job] = explained.fire.split(/\/(?=\d{4}-)/);
    return h(
      "div",
      { class: "run", "data-key": `fire-${explained.fire}` },
      h(
        "div",
        { class: "sheet-head" },
        h("div", {}, h("h1", {}, job), h("p", { class: "quiet code" }, explained.fire)),
      ),
      h(
        "div",
        { class: "columns" },
        h("div", { class: "wide" }, responsible(explained)),
        h("aside", { "aria-label": "Timeline" }, timeline(explained)),
      ),
    );
  },
  actions: {},
};

function head(detail) {
  return h(
    "div",
    { class: "sheet-head" },
    h("div", {}, h("h1", {}, detail.job, " ", badge(detail.status)), h("p", { class: "quiet code" }, detail.run)),
    h(
      "div",
      { class: "picker" },
      h("a", { class: "button plain", href: `#/runs//${encodeURIComponent(detail.job)}` }, "Its runs"),
      OPEN.has(detail.status)
        ? h(
            "button",
            { class: "danger", "data-action": "kill", "data-run": detail.run, "data-job": detail.job },
            "Stop this run",
          )
        : h("button", { class: "plain", "data-action": "start", "data-job": detail.job }, "Run it now"),
    ),
  );
}

function verdict(detail) {
  if (!detail.verdict) return null;
  const words = {
    stop: "The guard stopped it",
    notify: "The guard warned",
    observe: "The guard would have stopped it",
    protected: "Protected: the guard only tells",
  };
  return h(
    "section",
    { class: `card verdict ${detail.verdict.action}`, "aria-labelledby": "verdict" },
    h("h2", { id: "verdict" }, words[detail.verdict.action] ?? detail.verdict.action),
    detail.verdict.breaches.map((breach) => [
      h("p", {}, h("strong", {}, breach.limit), ` limit ${breach.declared} — `, breach.observed),
      h(
        "dl",
        { class: "evidence" },
        Object.entries(breach.evidence).map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]),
      ),
      h("p", { class: "quiet" }, breach.advice),
    ]),
  );
}

function responsible(explained) {
  const { responsible: who } = explained;
  if (!who) return null;
  return card(
    "responsible",
    "Why",
    h(
      "div",
      {},
      h("p", {}, h("span", { class: "component" }, who.component), " ", [who.evidence].flat().join(" ")),
      who.fix ? h("p", { class: "fix" }, who.fix) : null,
    ),
  );
}

function timeline(explained) {
  const items = explained.timeline.map((item) =>
    h(
      "li",
      {},
      h("time", { datetime: item.at, title: `${day(item.at)} ${clockSeconds(item.at)}` }, clockSeconds(item.at)),
      h("span", { class: "component" }, item.component),
      h("span", {}, h("strong", {}, item.event), " ", h("span", { class: "reason" }, item.detail)),
    ),
  );
  return card("timeline", "Timeline", h("ol", { class: "timeline" }, items));
}

function facts(detail, status) {
  const at = (text) => (text ? `${day(text)} ${clockSeconds(text)}` : "–");
  const from = Date.parse(detail.startedAt ?? detail.createdAt);
  const length = duration((detail.endedAt ? Date.parse(detail.endedAt) : Date.parse(status.daemon.now)) - from);
  const limits = detail.limits;
  const limited = [
    limits.idleSeconds && `idle ${duration(limits.idleSeconds * 1000)}`,
    limits.heartbeatSeconds && `heartbeat ${duration(limits.heartbeatSeconds * 1000)}`,
    limits.durationSeconds && `duration ${duration(limits.durationSeconds * 1000)}`,
    limits.cost && `cost ${money(limits.cost)}`,
    limits.outputBytes && `output ${bytes(limits.outputBytes)}`,
    limits.diskBytes && `disk ${bytes(limits.diskBytes)}`,
    limits.protect && "protected",
    limits.mode === "observe" && "observed only",
  ].filter(Boolean);
  const rows = [
    ["Fire", detail.fire ?? detail.cause],
    ["Started", at(detail.startedAt)],
    ["Ended", at(detail.endedAt)],
    ["Took", length],
    [
      "Cost",
      detail.cost ? `${cost(detail)} ${detail.cost.live ? "so far" : detail.cost.basis}` : (detail.unpriced ?? "–"),
    ],
    ["Exit", detail.signal ?? detail.exitCode ?? "–"],
    ["Attempt", detail.attempt],
    ["Where", detail.provider],
    ["Team", detail.team],
    ["Limits", limited.join(", ") || "none"],
  ];
  const told = rows.filter(([, value]) => value !== undefined);
  return card(
    "facts",
    "Facts",
    h(
      "dl",
      { class: "facts" },
      told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
  );
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${Math.round((count / 1024 ** step) * 10) / 10} ${units[step]}`;
}
