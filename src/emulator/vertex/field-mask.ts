import { invalidArgument } from "../google-error.js";
import { type JsonObject, isObject } from "./messages/parse.js";
import { requiredField } from "./violations.js";

/** The paths of a `google.protobuf.FieldMask` as JSON writes it, by JSON names; snake_case is understood too. */
function parseMask(mask: string | null | undefined): string[] {
  const paths = (mask ?? "").split(",").map((each) => each.trim());
  return paths.filter(Boolean).map((path) => path.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
}

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

/** `target` with the value of each path taken from `source`; a path that `source` lacks is cleared. */
export function applyMask(target: JsonObject, source: JsonObject, paths: readonly string[]): JsonObject {
  const result = { ...target };
  for (const path of paths) {
    const [head = "", ...rest] = path.split(".");
    const inner = source[head];
    if (rest.length > 0) {
      // of the result: another path may have changed the same message
      const outer = result[head];
      result[head] = applyMask(isObject(outer) ? outer : {}, isObject(inner) ? inner : {}, [rest.join(".")]);
    } else if (inner === undefined) delete result[head];
    else result[head] = inner;
  }
  return result;
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
