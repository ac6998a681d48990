import type { ListedObject } from "../../../core/services.js";
import { isYoung } from "./age.js";
import type { Needs } from "./needs.js";

/** An object that no deployment needs. */
export interface UnneededObject {
  object: ListedObject;
  reason: string;
}

/**
 * The files of models and the bundles of environments that nothing needs.
 *
 * Each model and environment has a folder that is called by the beginning of its hash. A folder in which something is
 * new stays as a whole: an upload may be under way. What is in no such folder was not made here.
 */
export function unneededObjects(
  objects: readonly ListedObject[],
  route: string,
  needs: Needs,
  now: number,
): UnneededObject[] {
  const placed = objects.flatMap((object) => {
    const folder = object.name.startsWith(route) ? folderOf(object.name.slice(route.length)) : null;
    return folder ? [{ object, ...folder }] : [];
  });
  const growing = new Set(placed.filter(({ object }) => isYoung(object.createTime, now)).map(({ folder }) => folder));
  return placed
    .filter(({ folder, part, hash }) => {
      if (growing.has(folder)) return false;
      return part === "models" ? !needs.isModelNeeded(hash) : !needs.isEnvironmentNeeded(hash);
    })
    .map(({ object, part }) => ({
      object,
      reason: part === "models" ? "no deployment has this model" : "no deployment has this environment",
    }));
}

function folderOf(path: string): { folder: string; part: string; hash: string } | null {
  const found = /^(models|bundles)\/([0-9a-f]{16})\//.exec(path);
  return found ? { folder: found[0], part: found[1] ?? "", hash: found[2] ?? "" } : null;
}
