export { diskFiles } from "./files.ts";
export { LOCK_FILE, loadProject, type Project } from "./load.ts";
