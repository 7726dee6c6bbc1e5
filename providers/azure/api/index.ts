export { type Api, createApi, type Reading } from "./api.ts";
export { connect, type Trust } from "./connect.ts";
export type { Answer, Connect, Connection, ConnectionSettings, Request } from "./connection.ts";
export { isUnderWay } from "./operation.ts";
