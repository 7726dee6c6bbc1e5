export { claimState, foreignState, type StateOwner, type StatePaths, statePaths } from "./home.ts";
