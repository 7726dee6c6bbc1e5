export type { FileKind, FileStat, Files, ReadResult } from "./files.ts";
export { jsonSchema } from "./json-schema.ts";
export { type LoadedManifest, type LoadInput, loadManifest } from "./load.ts";
export type { MergedValue } from "./origins.ts";
export {
  parseBytes,
  parseDuration,
  parseHourlyPrice,
  parseMoney,
  parsePercent,
  type UnitError,
  type UnitResult,
} from "./units.ts";
