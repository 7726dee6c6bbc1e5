export { claimState, type StateOwner, type StatePaths, statePaths } from "./home.ts";
