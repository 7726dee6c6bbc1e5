import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { load as loadYaml } from "js-yaml";
import { type Files, jsonSchema, loadManifest } from "../src/manifest/index.ts";

type Report = (name: string, value: string, note?: string) => void;

const JOBS = 50_000;

/** A manifest like those of a large company: half pinned, half flexible, eight keys a job, 300 bytes each. */
function manifestText(jobs: number): string {
  let text = 'rota: 1\nnamespace: acme\ntimezone: America/Toronto\nwindows:\n  morning: "Mon-Fri 06:00-12:00"\n';
  text += "defaults: { guard: { duration: 2h } }\njobs:\n";
  for (let i = 0; i < jobs; i++) {
    const flexible = '{ every: week, within: [morning], by: "Wed 12:00" }';
    text += `  job-${i}:
    team: team-${i % 50}
    costCenter: CC-${i % 9}
    container:
      image: registry.example/churn:v${i}
      command: [python, score.py, "--n", "${i}"]
      cpu: 2
      memory: 8GiB
      env: { MODE: full }
    schedule: ${i % 2 === 0 ? flexible : `"${i % 60} ${i % 24} * * 1-5"`}
    guard: { idle: 10m, cost: 5 USD }
`;
  }
  return text;
}

function filesOf(bytes: Uint8Array): Files {
  return {
    stat: async (path) => ({ kind: "file", bytes: bytes.length, realPath: path }),
    read: async () => ({ ok: true, bytes }),
    glob: async () => [],
  };
}

interface Measure {
  readonly ms: number;
  readonly peakMb: number;
  readonly found: number;
}

/** One measurement in a process of its own, so that memory is that of the one thing measured. */
async function measure(what: string): Promise<Measure> {
  const text = manifestText(JOBS);
  const bytes = Buffer.from(what === "broken" ? text.replaceAll("idle: 10m", "idle: 10") : text);
  jsonSchema();
  const start = performance.now();
  let found: number;
  if (what === "js-yaml") {
    const value = loadYaml(bytes.toString()) as { jobs: object };
    found = Object.keys(value.jobs).length;
  } else {
    const { manifest, diagnostics } = await loadManifest({ file: "jobs.yaml", files: filesOf(bytes) });
    found = manifest?.jobs.length ?? diagnostics.length;
  }
  return { ms: performance.now() - start, peakMb: process.resourceUsage().maxRSS / 1024, found };
}

function measureApart(what: string): Measure {
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), what], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measure;
}

/** Load and validate 50,000 jobs, against js-yaml alone parsing the same file. */
export async function run(report: Report): Promise<void> {
  const size = `${(Buffer.byteLength(manifestText(JOBS)) / 1e6).toFixed(1)} MB`;
  const yaml = measureApart("js-yaml");
  const ours = measureApart("rota");
  const broken = measureApart("broken");
  const show = ({ ms, peakMb }: Measure): string => `${(ms / 1000).toFixed(2)} s, ${Math.round(peakMb)} MB peak`;
  report("manifest: js-yaml alone, 50,000 jobs", show(yaml), `parses ${size} and checks nothing`);
  report(
    "manifest: load and validate, 50,000 jobs",
    `${show(ours)}, ${Math.round((JOBS / ours.ms) * 1000)} jobs/s`,
    `${(ours.ms / yaml.ms).toFixed(1)} × js-yaml alone`,
  );
  report(
    "manifest: the same with a mistake in each job",
    show(broken),
    `${broken.found} diagnostics with their places`,
  );
  const refuse = performance.now();
  const huge = { ...filesOf(Buffer.alloc(0)), stat: async () => ({ kind: "file" as const, bytes: 1e8, realPath: "" }) };
  const { diagnostics } = await loadManifest({ file: "jobs.yaml", files: huge });
  report("manifest: 100 MB refused", `${(performance.now() - refuse).toFixed(1)} ms`, diagnostics[0]?.code ?? "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const what = process.argv[2];
  if (what !== undefined) process.stdout.write(JSON.stringify(await measure(what)));
  else await run((name, value, note) => process.stdout.write(`${name}: ${value}${note ? ` (${note})` : ""}\n`));
}
