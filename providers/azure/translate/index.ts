export { fromOwnCron, fromTrigger, type Reading } from "./from-native.ts";
export { expandOwn, expandTrigger } from "./model.ts";
export { type Native, type Translation, translate } from "./to-native.ts";
export { type NativeTrigger, writeTrigger } from "./trigger.ts";
export { windowsZone } from "./zones.ts";
