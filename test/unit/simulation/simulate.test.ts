import { describe, expect, it } from "vitest";
import { HOUR } from "../../../src/model/index.ts";
import { PLANTED } from "../../simulation/planted.ts";
import { simulate } from "../../simulation/simulate.ts";

/** A seed takes a second or two; a busy machine may take its time. */
const TIMEOUT_MS = 60_000;

/** Bugs that the first seed shows; `npm run simulate -- --planted` hunts for all of them. */
const QUICK = [
  "a start is sent twice",
  "what is not ours is listed as ours",
  "the lease is ignored: a killed daemon goes on",
  "fires that came while the daemon was down are forgotten",
  "a charge is recorded twice",
  "a success is retried",
  "a stop leaves before its verdict is recorded",
];

describe("the simulation", () => {
  it(
    "lives through the same seed in the same way, and through another one in another",
    async () => {
      const [first, again, other] = [
        await simulate({ seed: 4, forMs: 3 * HOUR }),
        await simulate({ seed: 4, forMs: 3 * HOUR }),
        await simulate({ seed: 5, forMs: 3 * HOUR }),
      ];
      expect(again.digest).toBe(first.digest);
      expect(again.events).toBe(first.events);
      expect(other.digest).not.toBe(first.digest);
      expect([...first.violations, ...other.violations]).toEqual([]);
      expect(first.checks).toBeGreaterThan(100);
    },
    TIMEOUT_MS,
  );

  it.each(QUICK)(
    "sees a planted bug: %s",
    async (name) => {
      const planted = PLANTED.find((bug) => bug.name === name);
      expect(planted).toBeDefined();
      if (!planted) return;
      const { violations } = await simulate({ seed: 1, forMs: 12 * HOUR, planted });
      expect(violations.map((v) => v.invariant).filter((i) => planted.breaks.includes(i))).not.toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "puts the code back as it was after a planted bug",
    async () => {
      const planted = PLANTED.find((bug) => bug.patch !== undefined);
      expect(planted).toBeDefined();
      const before = await simulate({ seed: 1, forMs: 2 * HOUR });
      if (planted) await simulate({ seed: 1, forMs: 2 * HOUR, planted });
      expect((await simulate({ seed: 1, forMs: 2 * HOUR })).digest).toBe(before.digest);
    },
    TIMEOUT_MS,
  );
});
