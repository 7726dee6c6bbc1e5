import { z } from "zod";
import { manifestSchema } from "./define/root.ts";

/** The manifest's JSON Schema (2020-12), from the definition that validates. */
export function jsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(manifestSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema: schema }) => {
      const shorthand = schema["shorthand"];
      if (shorthand === undefined) return;
      const { shorthand: _gone, description, ...long } = schema;
      for (const key of Object.keys(schema)) delete schema[key];
      Object.assign(schema, { anyOf: [shorthand, long] }, description === undefined ? {} : { description });
    },
  }) as Record<string, unknown>;
}
