import { describe, expect, test } from "vitest";
import { loadManifest } from "../../../src/manifest/index.ts";
import type { Job, Manifest } from "../../../src/model/index.ts";
import { load, memoryFiles, withJob } from "./memory.ts";

async function good(text: string, environment?: string): Promise<Manifest> {
  const { manifest, diagnostics } = await load(text, environment);
  expect(diagnostics).toEqual([]);
  if (manifest === undefined) throw new Error("no manifest");
  return manifest;
}

async function job(body: string, before?: string, environment?: string): Promise<Job> {
  const { jobs } = await good(withJob(body, before), environment);
  const first = jobs.find(({ name }) => name === "a");
  if (first === undefined) throw new Error("no job");
  return first;
}

const RUNS = "process: { command: [x] }\n";

test("the least manifest runs here, with every default", async () => {
  const manifest = await good(
    'rota: 1\nnamespace: acme\njobs: { a: { process: { command: [x] }, schedule: "0 6 * * 1-5" } }',
  );
  expect(manifest).toMatchObject({
    namespace: "acme",
    timezone: "UTC",
    currency: "USD",
    environment: { name: "default", placement: "local", deployWindows: [] },
    placements: [{ name: "local", type: "local", options: {} }],
    safety: { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 0.1 },
  });
  expect(manifest.jobs).toEqual([
    {
      name: "a",
      namespace: "acme",
      environment: "default",
      placement: "local",
      labels: {},
      workload: { kind: "process", command: ["x"], shell: false, cpu: 1, memoryBytes: 2 ** 30, env: {}, secrets: {} },
      schedule: {
        kind: "cron",
        expression: "0 6 * * 1-5",
        timezone: "UTC",
        dst: { gap: "shift", overlap: "first" },
        onHoliday: "skip",
        catchUp: { policy: "last", cap: 1 },
        overlap: "skip",
        after: [],
      },
      guard: { mode: "enforce", onBreach: "stop", protect: false, graceSeconds: 30, idleCpu: 0.02, costWarn: 0.8 },
      retry: { attempts: 1, backoffSeconds: 30, maxBackoffSeconds: 3600 },
      expect: {},
      options: {},
    },
  ]);
});

test("a tab may stand wherever YAML lets a space part two things, and stays in a text", async () => {
  const body = 'process:\t{ command:\t[echo,\t"a\tb"],\tcpu: 2\t}\t# two\nschedule:\tmanual\n';
  expect((await job(body)).workload).toMatchObject({ command: ["echo", "a\tb"], cpu: 2 });
  const { diagnostics } = await load(withJob("process:\t{ command:\t[echo],\tcpuu: 2 }\nschedule: manual\n"));
  expect(diagnostics.map((d) => d.code)).toEqual(["R1020"]);
});

test("an item of a list is named by its number and its list", async () => {
  const { diagnostics } = await load(withJob("process: { command: [x] }\nschedule: manual\nnotify: [ops, 3]\n"));
  expect(diagnostics[0]?.message).toBe('item 2 of "notify" must be a text, not the number 3');
});

test("a manifest survives JSON as it is", async () => {
  const manifest = await good(withJob(`${RUNS}schedule: { every: day }`, "timezone: Europe/Berlin\n"));
  expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
});

describe("workloads", () => {
  test("a shell takes one text", async () => {
    const { workload } = await job("process: { shell: true, command: a | b, cwd: jobs }\nschedule: manual");
    expect(workload).toMatchObject({ kind: "process", command: ["a | b"], shell: true, cwd: "jobs" });
  });
  test("a container", async () => {
    const { workload } = await job("container: { image: 'x:1', cpu: 0.25, memory: 2GB, gpu: 1 }\nschedule: manual");
    expect(workload).toEqual({
      kind: "container",
      image: "x:1",
      command: [],
      cpu: 0.25,
      memoryBytes: 2e9,
      env: {},
      secrets: {},
      gpu: 1,
    });
  });
  test("a request", async () => {
    const { workload } = await job(
      "http: { url: https://example.com/a, secrets: { Authorization: api/token } }\nschedule: manual",
    );
    expect(workload).toMatchObject({
      kind: "http",
      method: "POST",
      timeoutSeconds: 30,
      secrets: { Authorization: "api/token" },
    });
    expect(workload.kind === "http" && workload.expectStatus.length).toBe(100);
  });
  test("what exists at the placement's vendor already, which replaces what runs elsewhere", async () => {
    const own = await job("local: { target: { thing: one } }\nschedule: manual");
    expect(own.workload).toEqual({ kind: "target" });
    expect(own.options).toEqual({ target: { thing: "one" } });
    const both = await job("process: { command: [a] }\nlocal: { target: { thing: one } }\nschedule: manual");
    expect(both.workload).toEqual({ kind: "target" });
    const elsewhere = await job("process: { command: [a] }\naws: { target: { thing: one } }\nschedule: manual");
    expect(elsewhere.workload.kind).toBe("process");
  });
  test("machines", async () => {
    const { workload } = await job("vm: { tags: { role: batch }, action: stop }\nschedule: manual");
    expect(workload).toEqual({ kind: "vm", instances: [], tags: { role: "batch" }, action: "stop" });
  });
});

describe("schedules", () => {
  const morning = 'windows: { morning: "Mon-Fri 06:00-12:00" }\n';
  test.each([
    ["manual", { kind: "manual" }],
    ['{ at: "2026-12-01T09:00" }', { kind: "at", times: ["2026-12-01T09:00"] }],
    [
      '{ at: ["2026-12-02T09:00", "2026-12-01T09:00:00"] }',
      { kind: "at", times: ["2026-12-01T09:00", "2026-12-02T09:00"] },
    ],
    ["{ every: 15m }", { kind: "interval", everyMinutes: 15, within: [] }],
    ["{ every: 12h }", { kind: "interval", everyMinutes: 720 }],
    ["{ every: day }", { kind: "flexible", period: "day", weeks: 1, times: 1, apartMinutes: 1, within: [] }],
    ["{ every: 2 weeks }", { kind: "flexible", period: "week", weeks: 2 }],
    ["{ every: month, times: 2, apart: 3d }", { kind: "flexible", period: "month", times: 2, apartMinutes: 4320 }],
    ['{ every: week, by: "Wed 12:00" }', { by: { weekday: 3, minute: 720 } }],
    ['{ every: day, by: "06:30" }', { by: { minute: 390 } }],
    ["{ every: day, catchUp: all }", { catchUp: { policy: "all", cap: 10 } }],
    ["{ every: day, catchUp: { policy: all, cap: 3 } }", { catchUp: { policy: "all", cap: 3 } }],
    [
      "{ every: day, timezone: Asia/Tokyo, dst: { overlap: both } }",
      { timezone: "Asia/Tokyo", dst: { gap: "shift", overlap: "both" } },
    ],
    [
      "{ every: day, within: [morning, 'Sat 22:00-02:00'] }",
      {
        within: [
          { name: "morning", days: [1, 2, 3, 4, 5], startMinute: 360, lengthMinutes: 360 },
          { days: [6], startMinute: 1320, lengthMinutes: 240 },
        ],
      },
    ],
  ])("%s", async (text, expected) => {
    const { schedule } = await job(`${RUNS}schedule: ${text}`, morning);
    expect(schedule).toMatchObject(expected);
  });
  test("a calendar with holidays", async () => {
    const before = 'calendars: { ontario: { holidays: CA-ON, skip: ["2026-12-24"] } }\n';
    const { schedule } = await job(`${RUNS}schedule: { every: day, calendar: ontario, onHoliday: before }`, before);
    expect(schedule).toMatchObject({
      calendar: { name: "ontario", holidays: "CA-ON", skip: ["2026-12-24"] },
      onHoliday: "before",
    });
  });
});

describe("layers", () => {
  const frame = `providers: { local: {}, aws: { region: us-east-1 } }
environments: { dev: { provider: local }, prod: { provider: aws } }
defaults: { team: base, labels: { a: "1", b: "2" }, guard: { idle: 30m, cost: 5 USD }, container: { cpu: 4 }, notify: [] }
`;
  const body = `process: { command: [x], env: { A: "1", B: "2" } }
schedule: "0 6 * * *"
labels: { b: "3" }
guard: { idle: none, output: 1GiB }
aws: { runner: batch }
local: { nice: 5 }
environments:
  prod:
    container: { image: "x:1" }
    schedule: { every: day, timezone: America/Toronto }
    labels: { c: "4" }
    guard: { duration: 1h }
    notify: []
`;
  test("defaults lie below, maps merge, none takes a limit away", async () => {
    const dev = await job(body, frame, "dev");
    expect(dev).toMatchObject({ environment: "dev", placement: "local", team: "base", labels: { a: "1", b: "3" } });
    expect(dev.guard).toMatchObject({ cost: { amount: "5", currency: "USD" }, outputBytes: 2 ** 30 });
    expect(dev.guard).not.toHaveProperty("idleSeconds");
    expect(dev.workload.kind).toBe("process");
    expect(dev.options).toEqual({ nice: 5 });
  });
  test("an overlay lies above, and another workload or form of schedule replaces the one below", async () => {
    const prod = await job(body, frame, "prod");
    expect(prod).toMatchObject({ placement: "aws", labels: { a: "1", b: "3", c: "4" }, options: { runner: "batch" } });
    expect(prod.guard).toMatchObject({ durationSeconds: 3600, outputBytes: 2 ** 30 });
    expect(prod.workload).toMatchObject({ kind: "container", image: "x:1", cpu: 4 });
    expect(prod.schedule).toMatchObject({ kind: "flexible", period: "day", timezone: "America/Toronto" });
  });
  test("the first environment is the default, and only keeps a job out", async () => {
    const text = withJob(`${RUNS}schedule: manual\nonly: [prod]`, frame.replace(/^defaults.*\n/m, ""));
    expect((await good(text)).environment.name).toBe("dev");
    expect((await good(text)).jobs).toEqual([]);
    expect((await good(text, "prod")).jobs.map(({ name }) => name)).toEqual(["a"]);
  });
  test("an environment that is not there is named", async () => {
    const { manifest, diagnostics } = await load(withJob(`${RUNS}schedule: manual`, frame), "prd");
    expect(manifest).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "R1062", line: 4, column: 1, hint: 'did you mean "prod"?' }]);
  });
  test("a job may name its own placement", async () => {
    expect((await job(`${RUNS}schedule: manual\nprovider: aws`, frame)).placement).toBe("aws");
  });
  test("each value says where it comes from", async () => {
    const { origins } = await load(withJob(body, frame), "prod");
    const found = Object.fromEntries(
      (origins("a") ?? []).map(({ path, value, origin }) => [path.join("."), [value, origin]]),
    );
    expect(found).toMatchObject({
      team: ["base", "defaults"],
      "labels.b": ["3", "jobs.yaml:10"],
      "labels.c": ["4", "overlay prod"],
      "guard.idle": ["none", "jobs.yaml:11"],
      "guard.duration": ["1h", "overlay prod"],
      "guard.grace": ["30s", "built-in"],
      "container.image": ["x:1", "overlay prod"],
      "container.cpu": [4, "defaults"],
      "schedule.every": ["day", "overlay prod"],
      "schedule.overlap": ["skip", "built-in"],
    });
    for (const gone of ["process.command", "schedule.cron", "environments", "only"])
      expect(found).not.toHaveProperty(gone);
    expect(origins("nobody")).toBeUndefined();
  });
});

describe("includes", () => {
  const main = (include: string): string =>
    `rota: 1\nnamespace: acme\ninclude: ${include}\njobs: { a: { process: { command: [x] }, schedule: manual } }\n`;
  const one = "jobs: { b: { process: { command: [x] }, schedule: manual } }\n";
  const read = (files: Parameters<typeof memoryFiles>[0]) =>
    loadManifest({ file: "jobs.yaml", files: memoryFiles(files) });

  test("their jobs join, and a line of any file can be shown", async () => {
    const { manifest, line } = await read({ "jobs.yaml": main("[teams/*.yaml]"), "teams/b.yaml": one });
    expect(manifest?.jobs.map(({ name }) => name)).toEqual(["a", "b"]);
    expect([line("jobs.yaml", 1), line("teams/b.yaml", 1)]).toEqual(["rota: 1", one.trim()]);
  });
  test("a file that two patterns name is read once", async () => {
    const { diagnostics } = await read({
      "jobs.yaml": main("[teams/*.yaml, teams/b.yaml, jobs.yaml]"),
      "teams/b.yaml": one,
    });
    expect(diagnostics).toEqual([]);
  });
  test("a job declared twice names both places", async () => {
    const twice = "jobs:\n  a: { process: { command: [x] }, schedule: manual }\n";
    const { diagnostics } = await read({ "jobs.yaml": main("[b.yaml]"), "b.yaml": twice });
    expect(diagnostics).toMatchObject([
      { code: "R1067", file: "b.yaml", line: 2, column: 3, hint: "the other one is at jobs.yaml:4" },
    ]);
  });
  test("anything but jobs is refused where it stands", async () => {
    const { diagnostics } = await read({ "jobs.yaml": main("[b.yaml]"), "b.yaml": `timezone: UTC\n${one}` });
    expect(diagnostics).toMatchObject([{ code: "R1017", file: "b.yaml", line: 1, column: 1 }]);
  });
  test("mistakes in included jobs carry their file", async () => {
    const wrong = "jobs:\n  b: { process: { comand: [x] }, schedule: manual }\n";
    const { diagnostics } = await read({ "jobs.yaml": main("[b.yaml]"), "b.yaml": wrong });
    expect(diagnostics).toMatchObject([{ code: "R1020", file: "b.yaml", line: 2, column: 19 }]);
  });
  test("a link that leads out of the folder is refused", async () => {
    const { diagnostics } = await read({ "jobs.yaml": main("[b.yaml]"), "b.yaml": { link: "/etc/passwd" } });
    expect(diagnostics).toMatchObject([{ code: "R1016", file: "jobs.yaml", line: 3, column: 11 }]);
  });
  test("a pipe or device is never opened", async () => {
    const { diagnostics } = await read({ "jobs.yaml": main("[b.yaml]"), "b.yaml": { kind: "other" } });
    expect(diagnostics).toMatchObject([{ code: "R1002", file: "b.yaml" }]);
  });
});

describe("bytes", () => {
  const text = "rota: 1\nnamespace: acme\njobs: { a: { process: { command: [x] }, schedule: manual } }\n";
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

  test("a byte order mark, CRLF and CR are no mistakes, and places hold", async () => {
    for (const variant of [`\ufeff${text}`, text.replaceAll("\n", "\r\n"), text.replaceAll("\n", "\r")]) {
      expect((await load(variant)).diagnostics).toEqual([]);
    }
    const wrong = `\ufeff${text.replace("command", "comand")}`.replaceAll("\n", "\r\n");
    expect((await load(wrong)).diagnostics).toMatchObject([{ code: "R1020", line: 3, column: 25, length: 6 }]);
  });
  test.each<[string, Uint8Array, string, number, number]>([
    ["a NUL", bytes(text, "# \0\n"), "R1005", 4, 3],
    ["an escape", bytes("rota: 1\n# \u001b[31m\n"), "R1005", 2, 3],
    ["a byte order mark inside", bytes(text, "# \ufeff\n"), "R1005", 4, 3],
    ["invalid UTF-8", bytes("rota: 1\nnamespace: ", [0xff], "\n"), "R1004", 2, 12],
    ["invalid UTF-8 after a real replacement character", bytes("# \ufffd\nab", [0xc3, 0x28]), "R1004", 2, 3],
    ["an overlong NUL", bytes("rota: 1\n", [0xc0, 0x80]), "R1004", 2, 1],
    ["UTF-16", bytes([0xff, 0xfe, 0x72, 0]), "R1004", 1, 1],
  ])("%s", async (_name, content, code, line, column) => {
    const { manifest, diagnostics } = await load(content);
    expect(manifest).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code, line, column }]);
  });
  test("letters beyond the first plane keep columns in UTF-16 units", async () => {
    const { diagnostics } = await load(
      withJob(`description: "😀日本" # 😀\n${RUNS}schedule: { every: day, within: [nö] }`),
    );
    expect(diagnostics).toMatchObject([{ code: "R1042", line: 7, column: 38, length: 2 }]);
  });
});

describe("YAML 1.2 core", () => {
  test("no, on and 1_000 are texts, 0o17 and 0x1F numbers", async () => {
    const before =
      "providers: { local: { a: no, b: on, c: 1_000, d: 0o17, e: 0x1F, f: 1e3, g: ~, h: 12:30:00, i: 2026-12-01 } }\n";
    const { placements } = await good(withJob(`${RUNS}schedule: manual`, before));
    expect(placements[0]?.options).toEqual({
      a: "no",
      b: "on",
      c: "1_000",
      d: 15,
      e: 31,
      f: 1000,
      g: null,
      h: "12:30:00",
      i: "2026-12-01",
    });
  });
  test("anchors and aliases stand for their values", async () => {
    const { workload } = await job("process: { command: [x], env: &e { A: b } }\nschedule: manual\nlabels: *e");
    expect(workload).toMatchObject({ env: { A: "b" } });
  });
});

test("names of the prototype are names like others", async () => {
  const names = ["constructor", "toString", "hasOwnProperty", "valueOf"].map((name) => name.toLowerCase());
  const jobs = names.map(
    (name) => `  ${name}: { process: { command: [x], env: { constructor: a, toString: b } }, schedule: manual }\n`,
  );
  const manifest = await good(
    `rota: 1\nnamespace: acme\nwindows: { constructor: "Mon 06:00-07:00" }\njobs:\n${jobs.join("")}`,
  );
  expect(manifest.jobs.map(({ name }) => name)).toEqual(names.toSorted());
  expect(Object.keys(manifest.windows)).toEqual(["constructor"]);
  expect(manifest.jobs[0]?.workload).toMatchObject({ env: { constructor: "a", toString: "b" } });
});

test("keys are their text, whatever number they look like", async () => {
  const { labels } = await job(`${RUNS}schedule: manual\nlabels: { 007: a, 1e3: b, 12345678901234567890: c }`);
  expect(labels).toEqual({ "007": "a", "1e3": "b", "12345678901234567890": "c" });
});

test("a file that cannot be used can still be shown", async () => {
  const files = memoryFiles({ "jobs.yaml": "rota: 1\nnamespace: [\n" });
  const broken = await loadManifest({ file: "jobs.yaml", files });
  expect([broken.line("jobs.yaml", 2), broken.line("jobs.yaml", 9)]).toEqual(["namespace: [", undefined]);
  const missing = await loadManifest({ file: "jobs.yaml", files: memoryFiles({}) });
  expect(missing.line("jobs.yaml", 1)).toBeUndefined();
});

test("a manifest too large is refused by its size alone", async () => {
  const files = {
    ...memoryFiles({}),
    stat: async () => ({ kind: "file" as const, bytes: 100_000_000, realPath: "/m/jobs.yaml" }),
  };
  const { diagnostics } = await loadManifest({ file: "jobs.yaml", files });
  expect(diagnostics).toMatchObject([{ code: "R1003" }]);
});

test("a file that is not there, a folder, and one that grows while it is read", async () => {
  const read = async (entry: Parameters<typeof memoryFiles>[0]) =>
    (await loadManifest({ file: "jobs.yaml", maxBytes: 10, files: memoryFiles(entry) })).diagnostics.map(
      ({ code }) => code,
    );
  expect(await read({})).toEqual(["R1001"]);
  expect(await read({ "jobs.yaml": { kind: "directory" } })).toEqual(["R1002"]);
  const grows = { ...memoryFiles({ "jobs.yaml": "x".repeat(11) }), stat: memoryFiles({ "jobs.yaml": "x" }).stat };
  const { diagnostics } = await loadManifest({ file: "jobs.yaml", maxBytes: 10, files: grows });
  expect(diagnostics).toMatchObject([{ code: "R1003" }]);
});
