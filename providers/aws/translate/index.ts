export { readExpression } from "./expression.ts";
export { fromNative } from "./from-native.ts";
export { expandNative, type NativeSchedule } from "./model.ts";
export { translate } from "./to-native.ts";
export { SCHEDULER, translateUtc } from "./utc.ts";
