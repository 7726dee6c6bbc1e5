import { existsSync, readFileSync } from "node:fs";
import type { ValidateFunction } from "ajv";
import draft4 from "ajv-draft-04";
import type { Exchange } from "./exchange.ts";

const FOLDER = new URL("../../../../shared/data/azure/", import.meta.url);
/** Why the published schemas are not asked, in their own words; undefined when they are. */
export const WHY_NO_SCHEMAS: string | undefined = existsSync(FOLDER)
  ? undefined
  : "the published schemas are not here (../shared/data/azure)";

const TYPES = {
  "microsoft.app/jobs": {
    file: "2025-07-01-Microsoft.App.json",
    definition: "jobs",
    type: "Microsoft.App/jobs",
    version: "2025-07-01",
  },
  // The version that is published beside it; what rota writes is the same in both.
  "microsoft.logic/workflows": {
    file: "2017-07-01-Microsoft.Logic.json",
    definition: "workflows",
    type: "Microsoft.Logic/workflows",
    version: "2017-07-01",
  },
} as const;

const compiled = new Map<string, ValidateFunction>();

/** What the vendor's published schema of a resource says against a body; nothing where the schemas are not here. */
export function schemaProblems({ path, body }: Exchange): readonly string[] {
  const match = /\/providers\/(Microsoft\.App\/jobs|Microsoft\.Logic\/workflows)\/([^/]+)$/i.exec(path);
  const kind = TYPES[(match?.[1] ?? "").toLowerCase() as keyof typeof TYPES];
  if (WHY_NO_SCHEMAS !== undefined || !kind) return [];
  const validate = compiled.get(kind.file) ?? compile(kind);
  compiled.set(kind.file, validate);
  const template = { ...(body as object), type: kind.type, apiVersion: kind.version, name: match?.[2] };
  if (validate(wholeCpu(template))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `schema: ${instancePath} ${message}`);
}

function compile({ file, definition }: (typeof TYPES)[keyof typeof TYPES]): ValidateFunction {
  const ajv = new draft4.default({ strict: false, allErrors: true });
  const common = read("common-definitions.json");
  ajv.addSchema({ ...common, id: "https://schema.management.azure.com/schemas/common/definitions.json" });
  const schema = read(file);
  ajv.addSchema(schema);
  return ajv.compile({ $ref: `${schema.id.replace(/#$/, "")}#/resourceDefinitions/${definition}` });
}

function read(file: string): { readonly id: string } {
  return JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as { readonly id: string };
}

/** The schema wants whole vCPU, and the service takes quarters ("Containers", allocations). */
function wholeCpu(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wholeCpu);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "cpu" && typeof inner === "number" ? Math.ceil(inner) : wholeCpu(inner),
    ]),
  );
}
