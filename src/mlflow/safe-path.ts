import { DeploymentError } from "../core/errors.js";

/** Characters of a path. In UTF-8 they are at most as many bytes as an object's name may have (1,024), or fail when they are sent. */
const longestPath = 1024;
/** UTF-8 bytes of one name, on every usual file system. */
const longestName = 255;

/**
 * With all ASCII characters percent-decoded, however often they were encoded: a server that decodes once more than we do must
 * not see another path than we checked.
 */
function decoded(path: string): string {
  const next = path.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return next === path ? path : decoded(next);
}

function isSafe(path: string): boolean {
  if (path === "" || path.length > longestPath) return false;
  const text = decoded(path);
  // control characters, and halves of a character, which are in no text of UTF-8
  if (/[\p{Cc}\p{Cs}\\#]/u.test(text)) return false;
  if (text.startsWith("/") || /^[a-z]:/i.test(text)) return false;
  if (text.split("/").some((part) => part === "" || part === "." || part === "..")) return false;
  return path.split("/").every((part) => Buffer.byteLength(part) <= longestName);
}

/**
 * Checks a path that came from outside, relative to some directory, with `/`. The rules are those of MLflow's
 * `validate_path_is_safe`: after decoding, no `..`, nothing absolute, no backslash, no `#`; and those of file systems.
 *
 * @param path As the server, the model or the user wrote it.
 * @param origin Who said so, for the message: `"The tracking server"`.
 * @returns `path` itself.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when it could name something outside the directory, or no file can have it.
 */
export function safePath(path: string, origin: string): string {
  if (isSafe(path)) return path;
  const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${origin} names the artifact path ${shown}, which is refused: a path must stay inside its directory, ` +
      "without '..', a leading '/', backslashes, '#' or control characters, and its names must not be longer than 255 bytes.",
  );
}
