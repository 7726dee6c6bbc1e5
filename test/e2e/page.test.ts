import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadPage } from "../../src/dashboard/index.ts";
import type { Run } from "../../src/model/index.ts";
import { openBrowser } from "../support/browser.ts";
import { HOSTILE, sampleRun, writeSampleMorning } from "../support/sample.ts";
import { engineStatus, openTestServer, type TestServer, TOKEN } from "../support/server.ts";

let browser: Browser | string;
beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  if (typeof browser !== "string") await browser.close();
});

let world: TestServer;
let running: Run;
let killed: Run;
const pages: Page[] = [];
const complaints: string[] = [];

beforeEach(async ({ skip }) => {
  if (typeof browser === "string") return skip(browser);
  world = await openTestServer({ page: await loadPage(), logs: hostileLogs }, async (writer) => {
    ({ running, killed } = await writeSampleMorning(writer));
  });
  const cost = { amount: "0.084300012", currency: "USD" };
  world.control.current = engineStatus(world.clock, {
    running: [{ run: running.run, job: running.job, status: "running", startedAt: running.createdAt, cost }],
    budgets: [
      {
        budget: "churn",
        period: "2026-11",
        spent: { amount: "312.4", currency: "USD" },
        limit: { amount: "400", currency: "USD" },
        state: "warned",
      },
    ],
  });
});
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
  await world?.close();
  expect(complaints.splice(0)).toEqual([]);
});

async function* hostileLogs(): AsyncGenerator<{ readonly stream: "stdout"; readonly text: string }> {
  yield { stream: "stdout", text: `first line ${HOSTILE}\n` };
}

interface Look {
  readonly width?: number;
  readonly theme?: "light" | "dark";
}

/** Opens an address of the page; whatever the browser complains of fails the test. */
async function open(hash: string, { width = 1280, theme = "light" }: Look = {}): Promise<Page> {
  if (typeof browser === "string") throw new Error(browser);
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
  const page = await context.newPage();
  pages.push(page);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused request is told by the browser as well; the page shows it, and the tests look at that.
    if (message.type() === "error" && !message.text().includes("Failed to load resource"))
      complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(world.url)) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(`${world.url}/${hash}`);
  await page.waitForSelector("main h1");
  return page;
}

const fillDialog = async (page: Page, values: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, value] of Object.entries(values)) await page.fill(`dialog input[name=${name}]`, value);
  await page.click("dialog button[value=ok]");
};

describe("the sheet", () => {
  test("says what ran, runs, was missed, failed, stopped and excused, with reasons", async () => {
    const page = await open("");
    const chips = await page.locator(".counts .chip").allTextContents();
    expect(chips.map((text) => text.replaceAll(/\s+/g, " ").trim())).toEqual([
      "✗1 missed",
      "!1 failed",
      "⊘1 killed",
      "…1 running",
      "✓39 ran",
      "–1 excused",
      "·58 upcoming",
    ]);
    const attention = await page.locator(".attention li").allTextContents();
    expect(attention).toHaveLength(3);
    expect(attention.join("\n")).toContain("the daemon was down from 04:58 to 05:03");
    expect(await page.locator("details.job").count()).toBe(7);
    expect(await page.getByRole("img", { name: /^check-data: 1 missed, 38 ran, 57 upcoming$/ }).count()).toBe(1);
  });

  test("opens a job by keyboard, and keeps it open and focused while events come", async () => {
    const page = await open("");
    await page.locator("details[data-job=invoices] summary").focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("details[data-job=invoices] li");
    expect(await page.locator("details[data-job=invoices] li").textContent()).toContain("run by hand at 07:20");
    await world.control.append({ type: "guard.released", by: "x", reason: "x" });
    await page.waitForTimeout(800);
    expect(await page.evaluate("document.activeElement.closest('details')?.dataset.job")).toBe("invoices");
    expect(await page.locator("details[data-job=invoices]").getAttribute("open")).toBe("");
  });

  test("goes to another day and back", async () => {
    const page = await open("");
    await page.click("text=‹");
    const date = page.locator(".sheet-head p");
    await expect.poll(() => date.textContent()).toBe("Sunday 22 November 2026");
    await page.fill("#date", "2026-11-24");
    await expect.poll(() => date.textContent()).toBe("Tuesday 24 November 2026");
    await page.click("a.button:has-text('Today')");
    await expect.poll(() => date.textContent()).toBe("Monday 23 November 2026");
  });

  test("tells of a missed fire why it started nothing", async () => {
    const page = await open("");
    await page.click(".attention li:has-text('check-data') a");
    await expect.poll(() => page.locator("main").textContent()).toContain("keep rota up running as a service");
    expect(await page.locator("h1").textContent()).toBe("check-data");
  });

  test("filters by state", async () => {
    const page = await open("");
    await page.click(".chip.bad:has-text('failed')");
    expect(await page.locator("details.job").count()).toBe(1);
    await page.click(".chip[aria-pressed=true]");
    expect(await page.locator("details.job").count()).toBe(7);
  });
});

describe("changes", () => {
  test("ask for name, reason and token; a wrong token is asked for again; the engine hears who it was", async () => {
    const page = await open("");
    await page.click(".attention li:has-text('check-data') button");
    await fillDialog(page, { reason: "known outage", by: "Mina" });
    await fillDialog(page, { token: "not-the-token-0000000000000000000000000000" });
    await page.waitForSelector("dialog:has-text('That was not')");
    expect(world.control.changes).toEqual([]);
    await fillDialog(page, { token: TOKEN });
    await expect
      .poll(() => world.control.changes)
      .toEqual([
        {
          what: "excuse",
          of: "check-data/2026-11-23T05:00/0: known outage",
          actor: { name: "Mina", via: "dashboard" },
        },
      ]);
  });

  test("a run is stopped with a reason, and the token of the link is in no address", async () => {
    const page = await open(`#token=${TOKEN}`);
    expect(page.url()).toBe(`${world.url}/#/`);
    await page.click(`text=${running.job} >> nth=0`);
    await page.goto(`${world.url}/#/run/${running.run}`);
    await page.click("text=Stop this run");
    await fillDialog(page, { reason: "it hangs", by: "Mina" });
    await expect.poll(() => world.control.changes).toMatchObject([{ what: "kill", of: `${running.run}: it hangs` }]);
    expect(page.url()).not.toContain(TOKEN);
  });

  test("cancel and Escape change nothing", async () => {
    const page = await open(`#token=${TOKEN}`);
    await page.click(".flight button");
    await page.keyboard.press("Escape");
    await page.click(".flight button");
    await page.click("dialog button[value=cancel]");
    await expect.poll(() => page.locator("dialog").count()).toBe(0);
    expect(world.control.changes).toEqual([]);
  });

  test("a held guard is loud on every view, and released from there", async () => {
    world.control.current = engineStatus(world.clock, { guardHeld: "10 stops in 15 minutes" });
    const page = await open(`#token=${TOKEN}`);
    await page.goto(`${world.url}/#/runs`);
    await page.waitForSelector("[role=alert] >> text=The guard is held");
    await page.click("[role=alert] button");
    await fillDialog(page, { reason: "looked at it", by: "Mina" });
    await expect.poll(() => world.control.changes).toMatchObject([{ what: "releaseGuard", of: "looked at it" }]);
  });
});

describe("live", () => {
  test("a new run shows by itself", async () => {
    const page = await open("#/runs");
    const run = sampleRun("surprise", world.clock.now());
    await world.control.append({ type: "run.created", run });
    await page.waitForSelector(".runs li:has-text('surprise')", { timeout: 5000 });
  });

  test("a daemon that is gone is said", async () => {
    const page = await open("");
    await world.server.close();
    await page.waitForSelector("[role=alert] >> text=The daemon does not answer", { timeout: 10_000 });
  });
});

describe("what jobs print and people type", () => {
  test("stays text everywhere", async () => {
    const page = await open(`#token=${TOKEN}`);
    for (const hash of ["#/", "#/runs", `#/run/${killed.run}`]) {
      await page.goto(`${world.url}/${hash}`);
      await expect.poll(() => page.locator("main").textContent()).toContain("onerror=");
    }
    await page.waitForSelector(".log pre >> text=first line");
    expect(await page.locator(".log pre").textContent()).toBe(`first line ${HOSTILE}\n`);
    expect(
      await page.evaluate("[typeof window.pwned, document.querySelectorAll('main img, main script').length]"),
    ).toEqual(["undefined", 0]);
  });

  test("is hidden until there is a token", async () => {
    const page = await open(`#/run/${killed.run}`);
    expect(await page.locator(".log").textContent()).not.toContain("first line");
    await page.click("text=Show the output");
    await fillDialog(page, { token: TOKEN });
    await page.waitForSelector(".log pre >> text=first line");
  });
});

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  test.each([400, 1600])("at %i px nothing is cut off, all has a name, all can be read", async (width) => {
    world.control.current = engineStatus(world.clock, { guardHeld: "10 stops", problems: ["the clock stepped"] });
    const page = await open(`#token=${TOKEN}`, { width, theme });
    for (const hash of ["#/", "#/runs", `#/run/${killed.run}`]) {
      await page.goto(`${world.url}/${hash}`);
      await page.waitForSelector(hash === "#/" ? ".jobs" : ".card");
      await page.waitForTimeout(300);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect(await page.evaluate(UNNAMED)).toEqual([]);
      expect(await page.evaluate(FAINT)).toEqual([]);
    }
  });
});

/** Controls that a screen reader could not name. */
const UNNAMED = `[...document.querySelectorAll("button, a, input, summary")].filter((each) => {
  const label = each.getAttribute("aria-label") ?? each.labels?.[0]?.textContent ?? each.textContent;
  return label.trim() === "";
}).map((each) => each.outerHTML)`;

/** Text whose contrast with what is behind it is below 4.5 to 1 (WCAG 2.2, 1.4.3). */
const FAINT = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || element.closest("noscript, .unseen, .skip, [hidden]")) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.add(element.className + " " + walker.currentNode.data.slice(0, 30) + " " + ratio.toFixed(2));
  }
  return [...faint];
})()`;
