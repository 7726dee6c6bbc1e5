export { createOnce } from "./create.ts";
export { claimState, foreignState, type StateOwner, type StatePaths, statePaths } from "./home.ts";
