export { documentsOf } from "./documents.ts";
export { type Policy, roleName, type Statement } from "./iam.ts";
export { rotaPolicy } from "./rota.ts";
export { schedulerPolicy } from "./start.ts";
export { EVERYTHING, type Uses, usesOf } from "./uses.ts";
