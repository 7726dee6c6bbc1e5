export { localText, parseDate, parseLocal } from "./civil.ts";
export { type CronFields, type CronResult, parseCron } from "./cron.ts";
export { describeSchedule, describeWindow } from "./describe.ts";
export { countFires, type DueFires, due, fires, nextFire } from "./fires.ts";
export { checkRegion, holidaysOf, type RegionResult } from "./holiday.ts";
export { type Omission, omitted } from "./omitted.ts";
export {
  type Comparison,
  compareFires,
  type DifferenceSubject,
  differencesOf,
  instantText,
  isEqual,
  PROOF_DAYS,
} from "./proof.ts";
export type { TextError } from "./result.ts";
export { type CronShape, rectangles, slotShapes } from "./shape.ts";
export { calendarRefusal, waitRefusal } from "./vendor.ts";
export {
  inWindows,
  opensAt,
  parseClock,
  parseWeekday,
  parseWindow,
  type WeekInterval,
  type WindowResult,
  windowIntervals,
} from "./window.ts";
export { isTimezone, localAt, offsetAt, resolveLocal, type Zone, zoneOf } from "./zone.ts";
