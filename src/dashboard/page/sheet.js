import { h } from "./dom.js";
import { addDays, clock, day, localDate, longDate, minuteOfDay, plural } from "./format.js";
import { ATTENTION, badge, FIRE_STATES, look, strip } from "./state.js";

const MOST_ATTENTION = 30;
const MOST_FIRES = 120;

/** The day's sheet: heading with the date, counts, what needs a look, then every job with its day. */
export function sheet(today, { filter, current, opened }) {
  const fires = filter ? today.fires.filter((fire) => fire.state === filter) : today.fires;
  return [
    h("div", { class: "sheet-head", "data-key": "sheet-head" }, heading(today, current), picker(today.date, current)),
    counts(today, filter),
    filter ? null : attention(today),
    jobs(fires, today, filter, opened),
  ];
}

function heading(today, current) {
  return h(
    "div",
    {},
    h("h1", {}, today.date === current ? "Today" : "Sheet"),
    h("p", { class: "quiet" }, longDate(today.date)),
  );
}

function picker(date, current) {
  const go = (to, label, text) => h("a", { class: "button plain", href: `#/day/${to}`, "aria-label": label }, text);
  return h(
    "div",
    { class: "picker" },
    go(addDays(date, -1), "The day before", "‹"),
    h("label", { class: "unseen", for: "date" }, "Date"),
    h("input", { id: "date", type: "date", value: date, "data-change": "date", "data-key": `date-${date}` }),
    go(addDays(date, 1), "The day after", "›"),
    date === current ? null : h("a", { class: "button plain", href: "#/" }, "Today"),
  );
}

function counts(today, filter) {
  const chips = FIRE_STATES.filter((state) => (today.counts[state] ?? 0) > 0).map((state) => {
    const { sign, word, tone } = look(state);
    return h(
      "button",
      {
        class: `chip ${tone}`,
        "data-action": "filter",
        "data-state": state,
        "aria-pressed": String(filter === state),
        "data-key": state,
      },
      h("span", { class: "sign", "aria-hidden": "true" }, sign),
      h("b", {}, today.counts[state]),
      ` ${word}`,
    );
  });
  if (chips.length === 0) return h("p", { class: "empty", "data-key": "counts" }, "No fires are expected on this day.");
  return h("div", { class: "counts", role: "group", "aria-label": "Show only", "data-key": "counts" }, chips);
}

function attention(today) {
  const wanting = today.fires.filter((fire) => ATTENTION.has(fire.state)).reverse();
  if (wanting.length === 0) return null;
  const more = wanting.length - MOST_ATTENTION;
  return h(
    "section",
    { class: "card attention", "aria-labelledby": "attention", "data-key": "attention" },
    h("h2", { id: "attention" }, "Needs a look"),
    h(
      "ul",
      { class: "fires" },
      wanting.slice(0, MOST_ATTENTION).map((fire) => fireRow(fire, true)),
    ),
    more > 0 ? h("p", { class: "quiet" }, `and ${more} more: choose a state above to see them`) : null,
  );
}

function jobs(fires, today, filter, opened) {
  if (fires.length === 0) return null;
  const byJob = new Map();
  for (const fire of fires) byJob.set(fire.job, [...(byJob.get(fire.job) ?? []), fire]);
  const rows = [...byJob].sort(([a], [b]) => (a < b ? -1 : 1)).map(([job, of]) => jobRow(job, of, today.date, opened));
  const title = filter ? `Jobs with fires that are ${look(filter).word}` : "Every job";
  return h(
    "section",
    { class: "card jobs", "aria-labelledby": "jobs", "data-key": "jobs" },
    h("h2", { id: "jobs" }, title),
    h(
      "div",
      { class: "hours", "aria-hidden": "true" },
      ["00", "06", "12", "18", "24"].map((hour) => h("span", {}, hour)),
    ),
    rows,
  );
}

function jobRow(job, fires, date, opened) {
  const words = FIRE_STATES.map((state) => [state, fires.filter((fire) => fire.state === state).length]).filter(
    ([, n]) => n > 0,
  );
  const summary = words.map(([state, n]) =>
    h(
      "span",
      { class: `tally ${look(state).tone}`, title: look(state).word },
      `${look(state).sign} ${n}`,
      h("span", { class: "unseen" }, ` ${look(state).word} `),
    ),
  );
  const minute = (fire) => (localDate(fire.at) === date ? minuteOfDay(fire.at) : 0);
  const label = `${job}: ${words.map(([state, n]) => `${n} ${look(state).word}`).join(", ")}`;
  // Rows of fires are made only once somebody opened the job: a day of minutes has 1,440.
  const rows = opened.has(job) ? fireRows(fires) : null;
  return h(
    "details",
    { class: "job", "data-key": `job-${job}`, "data-job": job, open: opened.has(job) },
    h(
      "summary",
      {},
      h("span", { class: "name" }, job),
      strip(fires, minute, label),
      h("span", { class: "tallies" }, summary),
    ),
    rows,
  );
}

function fireRows(fires) {
  const past = fires.filter((fire) => fire.state !== "upcoming").reverse();
  const next = fires.filter((fire) => fire.state === "upcoming");
  const shown = past.slice(0, MOST_FIRES);
  return [
    h(
      "ul",
      { class: "fires" },
      shown.map((fire) => fireRow(fire, false)),
    ),
    past.length > shown.length
      ? h("p", { class: "quiet" }, `${plural(past.length - shown.length, "earlier fire")} not shown`)
      : null,
    next.length > 0
      ? h(
          "p",
          { class: "quiet" },
          `next: ${next
            .slice(0, 5)
            .map((fire) => clock(fire.at))
            .join(", ")}${next.length > 5 ? " …" : ""}`,
        )
      : null,
  ];
}

function fireRow(fire, withJob) {
  const excusable = ATTENTION.has(fire.state);
  return h(
    "li",
    { "data-key": fire.fire },
    h("time", { datetime: fire.at, title: `${day(fire.at)} ${clock(fire.at)}` }, clock(fire.at)),
    badge(fire.state),
    h(
      "span",
      { class: "what" },
      withJob ? h("strong", {}, fire.job, " ") : null,
      h("span", { class: "reason" }, fire.reason ?? ""),
    ),
    h(
      "span",
      { class: "links" },
      fire.run || excusable ? h("a", { href: whyAddress(fire) }, "why?") : null,
      excusable
        ? h(
            "button",
            {
              class: "plain small",
              "data-action": "excuse",
              "data-fire": fire.fire,
              "aria-label": `Excuse ${fire.job} at ${clock(fire.at)}`,
            },
            "Excuse",
          )
        : null,
    ),
  );
}

function whyAddress(fire) {
  return fire.run ? `#/run/${encodeURIComponent(fire.run)}` : `#/fire/${encodeURIComponent(fire.fire)}`;
}
