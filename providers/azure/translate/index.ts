export { fromOwnCron, fromTrigger } from "./from-native.ts";
export { expandOwn } from "./model.ts";
export { type Native, translate } from "./to-native.ts";
export { type NativeTrigger, writeTrigger } from "./trigger.ts";
export { windowsZone } from "./zones.ts";
