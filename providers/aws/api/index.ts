export { type Api, createApi } from "./api.ts";
export type { CallName, Calls, Connect, Connection, ConnectionSettings } from "./calls.ts";
export { connect } from "./connect.ts";
