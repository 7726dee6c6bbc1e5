export { type Api, createApi } from "./api.ts";
export type * from "./calls.ts";
export { connect } from "./connect.ts";
