import { applyMask, parseMask } from "../proto/field-mask.js";
import type { JsonObject } from "../proto/parse.js";
import { fieldError } from "./field-error.js";

/**
 * The paths of an update mask, which both of AI Platform's PATCH methods require.
 *
 * @param allowed What the method can change.
 * @throws GoogleError INVALID_ARGUMENT for an empty mask, or a path that can't be changed.
 */
export function patchPaths(mask: string | null, allowed: readonly string[]): string[] {
  const paths = parseMask(mask);
  const wrong = paths.filter((path) => !allowed.includes(path));
  if (paths.length > 0 && wrong.length === 0) return paths;
  const what = wrong.length > 0 ? `${wrong.join(", ")} can't be updated` : "It must be present and not empty";
  throw fieldError("INVALID_ARGUMENT", {
    field: "update_mask",
    description: `${what}. The supported fields are: ${allowed.join(", ")}.`,
  });
}

/** @throws GoogleError ABORTED when the request is about a resource that was changed since it was read. */
export function checkEtag(field: string, change: JsonObject, current: { etag: string }): void {
  if (change["etag"] === undefined || change["etag"] === current.etag) return;
  throw fieldError("ABORTED", { field, description: "The etag does not match: the resource was changed meanwhile." });
}

/** `current` with what a PATCH changes. */
export function patched<T extends JsonObject>(current: T, change: JsonObject, paths: readonly string[]): T {
  return applyMask(current, change, paths) as T;
}
