import { open, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OutputFile } from "../../../../providers/local/output.ts";
import { command, Machine, shell } from "../../../support/machine.ts";
import { wallClock } from "../../../support/wall-clock.ts";

const BLOCK = 4096;
let machine: Machine;
beforeEach(async () => {
  machine = await Machine.open({ options: { outputHeadBytes: 8192, outputTailBytes: 16_384 } });
});
afterEach(() => machine.close());

describe("the output of a run", () => {
  it("that floods is kept small while it runs, counted to the byte, and told where it was cut", async () => {
    const { handle } = await machine.start(
      "r",
      shell("echo the beginning; yes 0123456789abcdef | head -c 300000000; echo the end"),
    );
    let most = 0;
    let ended = false;
    while (!ended) {
      await wallClock.sleep(20);
      most = Math.max(most, (await stat(join(machine.folder("r"), "out"))).blocks * 512);
      ended = (await machine.provider.inspect(handle)).phase === "ended";
    }
    const total = 300_000_000 + "the beginning\nthe end\n".length;
    expect((await stat(join(machine.folder("r"), "out"))).size).toBe(total);
    expect((await stat(join(machine.folder("r"), "out"))).blocks * 512).toBeLessThan(128 * 1024);
    const text = await machine.output(handle);
    expect(text.startsWith("the beginning\n0123456789abcdef\n")).toBe(true);
    expect(text.endsWith("the end\n")).toBe(true);
    const dropped = Number(/\[rota: (\d+) bytes of stdout were dropped here\]\n/.exec(text)?.[1]);
    const notice = `[rota: ${dropped} bytes of stdout were dropped here]\n`;
    expect(dropped + Buffer.byteLength(text) - notice.length).toBe(total);
    expect(text.includes("\0")).toBe(false);
  });

  it("is followed as it comes, both streams, until the end", async () => {
    const wait = (name: string): string => `until [ -e $ROTA_WORKDIR/${name} ]; do sleep 0.02; done`;
    const { handle } = await machine.start(
      "r",
      shell(`echo one; ${wait("a")}; echo zwei-ü >&2; ${wait("b")}; printf drei`),
    );
    const chunks: string[] = [];
    for await (const chunk of machine.provider.logs(handle, { follow: true })) {
      chunks.push(`${chunk.stream}:${chunk.text}`);
      await writeFile(join(machine.folder("r"), "work", chunks.length === 1 ? "a" : "b"), "");
    }
    expect(chunks).toEqual(["stdout:one\n", "stderr:zwei-ü\n", "stdout:drei"]);
    expect((await machine.provider.inspect(handle)).phase).toBe("ended");
  });

  it("stops being followed when the reader gives up", async () => {
    const { handle } = await machine.start("r", shell("echo one; sleep 1000"));
    const stop = new AbortController();
    const reading = machine.output(handle, { follow: true, signal: stop.signal });
    await wallClock.sleep(300);
    stop.abort();
    expect(await reading).toBe("one\n");
  });

  it.each([
    [0, ""],
    [1, "c\n"],
    [2, "b\nc\n"],
    [3, "a\nb\nc\n"],
    [9, "a\nb\nc\n"],
  ])("by its last %i lines", async (tailLines, expected) => {
    const { handle } = await machine.start("r", shell("printf 'a\\nb\\nc\\n'"));
    await machine.ended(handle);
    expect(await machine.output(handle, { tailLines })).toBe(expected);
  });

  it("goes on into its file when the daemon's descriptors are few", async () => {
    const states = await Promise.all(
      Array.from({ length: 30 }, (_, index) => machine.start(`r${index}`, command("echo", `${index}`))),
    );
    for (const [index, { handle }] of states.entries()) {
      expect(await machine.ended(handle)).toMatchObject({ outcome: "succeeded" });
      expect(await machine.output(handle)).toBe(`${index}\n`);
    }
  });
});

describe.each([{ fallocate: "/usr/bin/fallocate" }, { fallocate: "/no/such/tool" }])(
  "a file that is cut with $fallocate",
  ({ fallocate }) => {
    it("keeps its beginning, its end, and where every byte was, whatever is written and when", async () => {
      const path = join(machine.stateDir, "file");
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 8 }),
          async (sizes) => {
            await rm(path, { force: true });
            await rm(`${path}.gap`, { force: true });
            await writeFile(path, "");
            const file = new OutputFile(path, { headBytes: BLOCK, tailBytes: 2 * BLOCK, fallocate });
            const writer = await open(path, "a");
            let written = Buffer.alloc(0);
            for (const size of sizes) {
              const bytes = Buffer.from(
                Array.from({ length: size }, (_, index) => 1 + ((written.length + index) % 251)),
              );
              await writer.write(bytes);
              written = Buffer.concat([written, bytes]);
              await file.trim();
            }
            await writer.close();
            expect(await file.size()).toBe(written.length);
            const gap = await file.gap();
            if (gap) expect(gap.from).toBe(BLOCK);
            let position = 0;
            for (;;) {
              const { bytes, position: next, dropped } = await file.read(position, 10_000);
              if (dropped > 0) expect([position, dropped]).toEqual([gap?.from, (gap?.to ?? 0) - (gap?.from ?? 0)]);
              expect(bytes.equals(written.subarray(next - bytes.length, next))).toBe(true);
              position = next;
              if (bytes.length === 0) break;
            }
            expect(position).toBe(written.length);
            expect(written.length - (gap?.to ?? 0)).toBeLessThanOrEqual(2 * 2 * BLOCK + BLOCK);
          },
        ),
        { numRuns: 15 },
      );
    });
  },
);
