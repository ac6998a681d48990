import { type JsonObject, isObject } from "./parse.js";

/** The paths of a `google.protobuf.FieldMask` as JSON writes it, by JSON names; snake_case is understood too. */
export function parseMask(mask: string | null | undefined): string[] {
  const paths = (mask ?? "").split(",").map((each) => each.trim());
  return paths.filter(Boolean).map((path) => path.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
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
