import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ContainerWorkload } from "../../../../src/model/index.ts";
import { NOW } from "../../../support/jobs.ts";
import { Machine } from "../../../support/machine.ts";
import { wallClock } from "../../../support/wall-clock.ts";

/** Stands in for docker: says how it was called, and runs what comes after the image. */
const TOOL = `#!/bin/sh
printf '%s\\n' "$*" >> "$HOME/calls"
[ "$1" = run ] || exit 0
while [ "$1" != busybox ]; do shift; done
shift
exec "$@"
`;

let machine: Machine;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(process.env.TMPDIR ?? "/tmp", "rota-container-"));
  await mkdir(join(home, "bin"));
  await writeFile(join(home, "bin", "docker"), TOOL);
  await chmod(join(home, "bin", "docker"), 0o755);
  machine = await Machine.open({ env: { PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, TOKEN: "s3cr3t-value" } });
});
afterEach(async () => {
  await machine.close();
  await rm(home, { recursive: true, force: true });
});

function container(...command: readonly string[]): ContainerWorkload {
  const env = { MODE: "full" };
  return {
    kind: "container",
    image: "busybox",
    command,
    cpu: 2,
    memoryBytes: 1 << 30,
    env,
    secrets: { KEY: "env:TOKEN" },
  };
}

describe("a container", () => {
  it("is run by the tool that is there, with its limits, its variables by name and no secret in an argument", async () => {
    const { handle } = await machine.start("r", container("sh", "-c", 'echo "$MODE $KEY"; exit 4'));
    expect(await machine.ended(handle)).toMatchObject({ outcome: "failed", exitCode: 4 });
    expect(await machine.output(handle)).toBe("full s3cr3t-value\n");
    const calls = await readFile(join(home, "calls"), "utf8");
    expect(calls).toMatch(/^run --rm --name rota-[0-9a-f]{32} --label rota\.job=job --cpus 2 --memory 1073741824 /);
    for (const name of ["MODE", "KEY", "ROTA_RUN", "ROTA_PROGRESS"]) expect(calls).toContain(`--env ${name} `);
    expect(calls).not.toContain("s3cr3t");
  });

  it("is killed by its name when it is stopped hard: it is no child of the tool's", async () => {
    const { handle } = await machine.start("r", container("sleep", "1000"));
    while (!(await readFile(join(home, "calls"), "utf8").catch(() => "")).startsWith("run ")) await wallClock.sleep(20);
    await machine.provider.stop(handle, "hard");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
    expect(await readFile(join(home, "calls"), "utf8")).toMatch(/\nkill rota-[0-9a-f]{32}\n$/);
  });

  it("is not measured by its tool: what it uses is unknown where its processes cannot be seen", async () => {
    const { handle } = await machine.start("r", container("sleep", "1000"));
    await wallClock.sleep(200);
    const [sample] = await machine.provider.measure(handle, 0);
    expect(sample).toMatchObject({ outputBytes: 0 });
    for (const key of ["cpuSeconds", "readBytes", "writtenBytes", "networkBytes", "memoryBytes"])
      expect(sample).not.toHaveProperty(key);
  });

  it("is refused where there is no tool, with the mend", async () => {
    const bare = await Machine.open({ env: { PATH: "/nowhere" } });
    const request = bare.request("r", container("true"));
    expect(bare.provider.render({ job: request.job }, NOW).refusal?.fix).toMatch(/install/);
    await expect(bare.provider.start(request)).rejects.toMatchObject({
      code: "unsupported",
      fix: expect.stringMatching(/install/),
    });
    expect(await bare.provider.find("r")).toBeUndefined();
    await bare.close();
  });
});
