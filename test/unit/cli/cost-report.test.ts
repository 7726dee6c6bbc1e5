import fc from "fast-check";
import { expect, test } from "vitest";
import { reportOf } from "../../../src/cli/cost-report.ts";
import { type GroupKey, monthOf, report, reportCsv, reportJson, reportTable } from "../../../src/cost/index.ts";
import { money, type Run } from "../../../src/model/index.ts";
import { sampleRun } from "../../support/sample.ts";

const period = monthOf(Date.UTC(2026, 10, 10));

test("table and CSV from the JSON are those from the report itself", () => {
  const run = fc.record({
    team: fc.constantFrom("shop", "returns", undefined),
    job: fc.constantFrom("a", "b"),
    nanos: fc.bigInt({ min: 0n, max: 10n ** 14n }),
    before: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    saved: fc.bigInt({ min: 0n, max: 10n ** 10n }),
    isUnpriced: fc.boolean(),
    currency: fc.constantFrom("USD", "USD", "EUR"),
  });
  const by = fc.constantFrom<readonly GroupKey[]>(["team"], ["team", "job"], ["label:tier"]);
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), by, fc.boolean(), (drafts, groupBy, isOver) => {
      const runs = drafts.map(({ team, job }, i): Run => {
        const { team: _, ...rest } = sampleRun(job, period.from, { run: `r${i}` });
        return team === undefined ? rest : { ...rest, team };
      });
      const amounts = (key: "nanos" | "before" | "saved") =>
        drafts.map((d, i) => ({ run: `r${i}`, amount: money(d[key], d.currency) }));
      const made = report({
        period,
        currency: "USD",
        groupBy,
        charges: amounts("nanos"),
        runs,
        previous: { charges: amounts("before") },
        budgets: [],
        saved: amounts("saved"),
        unpriced: drafts.flatMap((d, i) => (d.isUnpriced ? [{ run: `r${i}`, missing: "a price" }] : [])),
        ...(isOver ? {} : { upcoming: [] }),
      });
      const again = reportOf(JSON.parse(JSON.stringify(reportJson(made))), groupBy);
      expect(reportCsv(again)).toBe(reportCsv(made));
      // A report without a row tells no last month, which then is nothing.
      if (made.rows.length > 0) expect(reportTable(again)).toEqual(reportTable(made));
    }),
  );
});
