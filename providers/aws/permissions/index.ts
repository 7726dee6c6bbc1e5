export { documentsOf } from "./documents.ts";
export { type Policy, roleName, type Statement } from "./iam.ts";
export { rotaPolicy } from "./rota.ts";
export { schedulerPolicy } from "./start.ts";
export { everything } from "./uses.ts";
