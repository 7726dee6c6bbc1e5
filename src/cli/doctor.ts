import { access, constants, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { statePaths } from "../engine/home/index.ts";
import { LedgerError, openLedgerReader } from "../ledger/index.ts";
import type { Finding } from "../provider/index.ts";
import { askDaemon } from "./client.ts";
import { type CommonOptions, jsonOption, readProject, shownPath, stateDir, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withPlacements } from "./placements.ts";
import { terminalOf } from "./terminal.ts";
import type { World } from "./world.ts";

/** Free room below which a ledger and its runs' output will soon not fit. */
const LEAST_FREE_BYTES = 512 * 1024 * 1024;
const WANTED_NODE = 26;

export const defineDoctor: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota doctor --env prod")
    .addOption(jsonOption())
    .action(async (options: CommonOptions) => {
      const terminal = terminalOf(world);
      const findings = [
        ...versions(world),
        ...(await manifest(world, options)),
        ...(await store(world, options)),
        ...(await daemon(world, options)),
        ...(await providers(world, options)),
      ];
      const ok = findings.every((f) => f.ok !== false);
      if (options.json) terminal.json({ schema: "rota.doctor/1", ok, findings });
      else {
        for (const f of findings) {
          const mark =
            f.ok === true
              ? terminal.paint("✓", "green")
              : f.ok === "warning"
                ? terminal.paint("!", "yellow")
                : terminal.paint("✗", "red");
          terminal.out(
            `${mark} ${f.check}: ${f.detail}${f.ok !== true && f.fix !== undefined ? `\n    ${f.fix}` : ""}`,
          );
        }
      }
      if (!ok) exit(1);
    });

function versions(world: World): Finding[] {
  const major = Number.parseInt(world.nodeVersion, 10);
  const ok = major >= WANTED_NODE;
  return [
    {
      check: "versions",
      ok,
      detail: `rota ${world.version}, Node ${world.nodeVersion}`,
      ...(ok ? {} : { fix: `use Node ${WANTED_NODE} or later` }),
    },
  ];
}

async function manifest(world: World, options: CommonOptions): Promise<Finding[]> {
  const project = await readProject(world, options);
  const errors = project.diagnostics.filter((d) => d.severity === "error").length;
  const warnings = project.diagnostics.filter((d) => d.severity === "warning").length;
  const found: Finding[] = [
    errors > 0
      ? {
          check: "manifest",
          ok: false,
          detail: `${errors} errors in ${shownPath(world, project.file)}`,
          fix: "rota validate shows each with its place",
        }
      : {
          check: "manifest",
          ok: warnings > 0 ? "warning" : true,
          detail: `${project.desired?.jobs.length ?? 0} jobs in ${shownPath(world, project.file)}${warnings > 0 ? `, ${warnings} warnings` : ""}`,
          ...(warnings > 0 ? { fix: "rota validate shows them" } : {}),
        },
  ];
  if (project.stale.length > 0)
    found.push({
      check: "lock",
      ok: "warning",
      detail: `jobs.lock.yaml is stale for ${project.stale.length} jobs`,
      fix: "rota stagger --write",
    });
  return found;
}

async function store(world: World, options: CommonOptions): Promise<Finding[]> {
  const dir = await stateDir(world, options);
  const paths = statePaths(dir);
  const found: Finding[] = [];
  try {
    const ledger = await openLedgerReader(paths.ledger);
    try {
      const last = await ledger.lastEntry();
      found.push({ check: "ledger", ok: true, detail: `${last?.seq ?? 0} entries in ${paths.ledger}` });
      if (last && world.clock.now() < last.at - 60_000) {
        found.push({
          check: "clock",
          ok: false,
          detail: `the clock says ${new Date(world.clock.now()).toISOString()}, before the ledger's last record of ${new Date(last.at).toISOString()}`,
          fix: "set the clock (timedatectl set-ntp true)",
        });
      } else
        found.push({
          check: "clock",
          ok: true,
          detail: `${new Date(world.clock.now()).toISOString()}, after the ledger's last record`,
        });
    } finally {
      await ledger.close();
    }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    found.push(
      error.code === "missing"
        ? { check: "ledger", ok: true, detail: "there is none yet; rota up makes it" }
        : { check: "ledger", ok: false, detail: error.message },
    );
  }
  found.push(...(await folder(dir)));
  return found;
}

async function folder(dir: string): Promise<Finding[]> {
  for (let there = dir; ; there = dirname(there)) {
    const writable = await access(there, constants.W_OK).then(
      () => true,
      (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : false),
    );
    if (writable === undefined && there !== dirname(there)) continue;
    if (writable !== true)
      return [
        {
          check: "state",
          ok: false,
          detail: `${there} cannot be written`,
          fix: "choose another folder with --state DIR",
        },
      ];
    const { bavail, bsize } = await statfs(there);
    const free = bavail * bsize;
    const room = `${Math.round(free / 1024 / 1024)} MiB free in ${there}`;
    return [
      free < LEAST_FREE_BYTES
        ? {
            check: "state",
            ok: "warning",
            detail: room,
            fix: "make room: with a full disk rota starts and stops nothing",
          }
        : { check: "state", ok: true, detail: room },
    ];
  }
}

async function daemon(world: World, options: CommonOptions): Promise<Finding[]> {
  const status = await askDaemon<{ daemon: { pid?: number; version?: string }; problems: readonly string[] }>(
    world,
    options,
    "/api/status",
  );
  if (!status) return [{ check: "daemon", ok: "warning", detail: "it does not run", fix: "start it with: rota up" }];
  const { problems } = status;
  return [
    { check: "daemon", ok: true, detail: `pid ${status.daemon.pid}, ${status.daemon.version}` },
    ...problems.map((detail): Finding => ({ check: "daemon", ok: false, detail })),
  ];
}

async function providers(world: World, options: CommonOptions): Promise<Finding[]> {
  const { desired } = await readProject(world, options);
  if (!desired) return [];
  return withPlacements(world, options, async ({ placements }) => {
    const found: Finding[] = [];
    for (const [name, { provider }] of placements) {
      for (const f of await provider.check({ signal: world.interrupted }))
        found.push({ ...f, check: `${name}: ${f.check}` });
    }
    return found;
  });
}
