import type { Json, JsonObject } from "../../../src/model/index.ts";
import { isOwnedBy, type Owner, tagValue } from "../naming.ts";

/** The job that a schedule's call carries in the tags of what it starts; undefined for a schedule that is not of this owner's making. */
export function markedJob(input: Json, owner: Owner): string | undefined {
  const tags = tagsIn(input);
  return isOwnedBy(owner, tags) ? tagValue(tags, "job") : undefined;
}

/** The tags of a call's parameters, as a list whichever way the service spells them. */
function tagsIn(input: Json): Json {
  const tags = objectOf(input)["Tags"];
  if (Array.isArray(tags)) return tags as Json;
  return Object.entries(objectOf(tags)).map(([key, value]) => ({ key, value }));
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : {};
}
