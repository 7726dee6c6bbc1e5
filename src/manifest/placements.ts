import { z } from "zod";
import type { Placement } from "../model/index.ts";
import { choice, positive } from "./define/leaf.ts";
import { check } from "./issues.ts";
import { isMap } from "./layers.ts";
import type { ManifestFile, Report } from "./report.ts";
import type { Value } from "./scalar.ts";

/** What a placement of any type may say; the prices are read where they are needed. */
const COMMON = {
  type: z.unknown().optional(),
  price: z.unknown().optional(),
  prices: z.record(z.string(), z.unknown()).optional(),
  cores: positive(65_536, "The machine's cores.").optional(),
  onExit: choice(["keep", "stop"], "What the daemon's end does to runs in flight.").optional(),
};

/** Checks what the placements say: all of it where the type's schema is known, else what any may say. */
export function checkPlacements(
  placements: Iterable<Placement>,
  schemas: Readonly<Record<string, z.ZodType>>,
  main: ManifestFile,
  report: Report,
): void {
  const written = isMap(main.value) ? main.value["providers"] : undefined;
  for (const { name, type } of placements) {
    const raw = isMap(written) ? written[name] : undefined;
    if (!isMap(raw)) continue;
    const own = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    const schema = own instanceof z.ZodObject ? own.safeExtend(COMMON) : z.looseObject(COMMON);
    check<unknown>(schema, raw as Value, main, ["providers", name], report);
  }
}
