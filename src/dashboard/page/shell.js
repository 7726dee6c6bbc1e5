import { h } from "./dom.js";
import { duration, zoneName } from "./format.js";

const VIEWS = [
  ["#/", "Today", "overview"],
  ["#/runs", "Runs", "runs"],
];

export function top(status, view, linked) {
  const up = status?.daemon.up && linked;
  const word = !status ? "connecting" : !linked ? "not reachable" : status.daemon.ready ? "up" : "not ready";
  const tone = !status ? "calm" : !linked ? "bad" : status.daemon.ready ? "good" : "warn";
  return [
    h("a", { class: "brand", href: "#/", "data-key": "brand" }, "rota"),
    h(
      "span",
      { class: "where", "data-key": "where" },
      status ? [h("span", {}, status.namespace), h("b", {}, status.environment)] : null,
    ),
    h(
      "nav",
      { "aria-label": "Views", "data-key": "nav" },
      VIEWS.map(([href, text, name]) => h("a", { href, "aria-current": name === view ? "page" : null }, text)),
    ),
    h(
      "span",
      {
        class: `pill ${tone}`,
        "data-key": "pill",
        title: up ? `up for ${duration(status.daemon.uptimeSeconds * 1000)}` : null,
      },
      h("span", { class: "dot", "aria-hidden": "true" }),
      `daemon ${word}`,
    ),
  ];
}

/** What a person must not overlook stands above everything, on every view. */
export function problems(status, linked) {
  if (!linked && status)
    return [
      h(
        "div",
        { class: "problem bad" },
        h("p", {}, h("strong", {}, "The daemon does not answer."), " What you see may be old. This page keeps trying."),
      ),
    ];
  if (!status) return [];
  const held = status.guardHeld
    ? h(
        "div",
        { class: "problem stop", "data-key": "held" },
        h("p", {}, h("strong", {}, "The guard is held and stops nothing."), " ", status.guardHeld),
        h("button", { class: "danger", "data-action": "releaseGuard" }, "Let it stop runs again"),
      )
    : null;
  const down = status.placements
    .filter((placement) => !placement.ok)
    .map((placement) =>
      h(
        "div",
        { class: "problem bad", "data-key": `p-${placement.placement}` },
        h(
          "p",
          {},
          h("strong", {}, `${placement.placement} (${placement.type}) does not work.`),
          " ",
          placement.problem ?? "",
        ),
      ),
    );
  const drifted = status.placements
    .filter((placement) => placement.drifted !== undefined)
    .map(({ placement, drifted: count }) =>
      h(
        "div",
        { class: "problem warn", "data-key": `d-${placement}` },
        h("p", {}, h("strong", {}, `${placement} is not as it was applied.`), ` Resources: ${count}. See: rota drift`),
      ),
    );
  const others = status.problems
    .filter((text) => text !== status.guardHeld)
    .map((text) => h("div", { class: "problem warn", "data-key": text }, h("p", {}, text)));
  return [held, ...down, ...drifted, ...others];
}

export function foot(status) {
  if (!status) return [];
  const { daemon, placements } = status;
  return [
    h("span", {}, `rota ${daemon.version}, process ${daemon.pid}, up ${duration(daemon.uptimeSeconds * 1000)}`),
    h(
      "span",
      {},
      placements.map(({ placement, jobs, ok }) => `${placement}: ${jobs} jobs${ok ? "" : " (not working)"}`).join(", "),
    ),
    h("span", {}, `times in ${zoneName()}`),
    h("a", { href: "/openapi.json" }, "API"),
  ];
}
