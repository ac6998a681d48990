import { invalidArgument } from "../google-error.js";
import { applyMask, parseMask } from "../proto/field-mask.js";
import type { JsonObject } from "../proto/parse.js";
import { requiredField } from "./violations.js";

/**
 * The paths of a required update mask.
 *
 * @param allowed What the method can change.
 * @throws GoogleError INVALID_ARGUMENT for an empty mask, or a path that can't be changed.
 */
export function updatePaths(mask: string | null | undefined, allowed: readonly string[]): string[] {
  const paths = parseMask(mask);
  if (paths.length === 0) throw requiredField("update_mask");
  if (paths.includes("*")) return [...allowed];
  const wrong = paths.filter((path) => !allowed.includes(path));
  if (wrong.length > 0) {
    throw invalidArgument(
      `The update mask contains fields that can't be updated: ${wrong.join(", ")}. Allowed: ${allowed.join(", ")}.`,
    );
  }
  return paths;
}

/** The fields of a resource that a read mask names, all of them without one. */
export function readFields(resource: JsonObject, mask: string | null): JsonObject {
  const paths = parseMask(mask);
  if (paths.length === 0 || paths.includes("*")) return resource;
  return applyMask(
    {},
    resource,
    paths.filter((path) => Object.hasOwn(resource, path.split(".")[0] ?? "")),
  );
}
