import { DeploymentError } from "../core/errors.js";

/**
 * Checks the path of an object below a prefix: an object's name may hold anything, such as `..`; a path below a directory
 * may not.
 *
 * @param uri The prefix, for the message.
 */
export function objectPath(path: string, uri: string): string {
  const isPath = !/[\p{Cc}\p{Cs}\\]/u.test(path) && path.split("/").every((part) => !["", ".", ".."].includes(part));
  if (isPath) return path;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${uri} has an object whose name cannot be a file's path: ${JSON.stringify(path.slice(0, 200))}. Rename or delete it.`,
  );
}
