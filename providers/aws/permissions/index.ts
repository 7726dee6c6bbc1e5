export { documentsOf } from "./documents.ts";
export { roleName, type Statement } from "./iam.ts";
export { rotaPolicy } from "./rota.ts";
export { everything } from "./uses.ts";
