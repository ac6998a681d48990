import { DeploymentError } from "../core/errors.js";

/** In UTF-8 bytes ("Object naming requirements" of Cloud Storage's documentation). */
const longestName = 1024;

/**
 * The name of the object at `path` below `prefix`.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a name that Cloud Storage does not take, or whose control
 * characters its own documentation warns of.
 */
export function objectName(prefix: string, path: string): string {
  const name = prefix === "" ? path : `${prefix}/${path}`;
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `${JSON.stringify(name)} cannot be an object's name: it has control characters. Rename the file.`,
    );
  }
  const length = Buffer.byteLength(name);
  if (length > longestName) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `"${name.slice(0, 80)}…" cannot be an object's name: it has ${length} bytes, and Cloud Storage takes ${longestName}. ` +
        "Shorten the file's path or the bucket's prefix.",
    );
  }
  return name;
}
