import { DeploymentError } from "../core/errors.js";

/** Fully percent-decoded: a server that decodes once more than we do must not see another path than we checked. */
function decoded(path: string): string {
  let text = path;
  for (let round = 0; round < 10; round++) {
    let next: string;
    try {
      next = decodeURIComponent(text);
    } catch {
      return text;
    }
    if (next === text) return text;
    text = next;
  }
  return text;
}

function isSafe(path: string): boolean {
  const text = decoded(path);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text === "" || /[\u0000-\u001f\u007f\\#]/.test(text)) return false;
  if (text.startsWith("/") || /^[a-z]:/i.test(text)) return false;
  return text.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/**
 * Checks a path that came from outside, relative to some directory, with `/`. The rules are those of MLflow's
 * `validate_path_is_safe`: after decoding, no `..`, nothing absolute, no backslash, no `#`.
 *
 * @param path As the server, the model or the user wrote it.
 * @param origin Who said so, for the message: `"The tracking server"`.
 * @returns `path` itself.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when it could name something outside the directory.
 */
export function safePath(path: string, origin: string): string {
  if (isSafe(path)) return path;
  const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${origin} names the artifact path ${shown}, which is refused: a path must stay inside its directory, ` +
      "without '..', a leading '/', backslashes, '#' or control characters.",
  );
}
