import { DeploymentError } from "./errors.js";

/** A target URI, taken apart. */
export interface TargetUri {
  /** As the user gave it. */
  uri: string;
  /** The target's name: the lower-cased scheme, or the whole text where there is none. */
  target: string;
  /** The parts of the path: `aiplatform:/acme/europe-west1` gives `["acme", "europe-west1"]`. */
  path: string[];
}

/**
 * Takes a target URI apart by MLflow's rule (`mlflow.deployments.utils.parse_target_uri`): `t`, `t:/s` and `t://s` all
 * name the target `t`.
 *
 * A scheme is a letter followed by letters, digits, `+`, `-` and `.` (RFC 3986): a name with an underscore is legal
 * alone, `my_target`, but not before a colon. MLflow takes `my_target:/s` for the name of a target; here it is an error.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for an empty URI or an illegal scheme.
 */
export function parseTargetUri(uri: string): TargetUri {
  if (uri.trim() === "") {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      "The target is empty: give a target's name, such as `aiplatform`.",
    );
  }
  const colon = uri.indexOf(":");
  if (colon === -1) return { uri, target: /^[A-Za-z]/.test(uri) ? uri.toLowerCase() : uri, path: [] };
  const scheme = uri.slice(0, colon);
  if (!/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme)) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `"${scheme}" is not a legal scheme in the target "${uri}": it starts with a letter, then letters, digits, "+", "-" and "."; an underscore is not legal before a colon.`,
    );
  }
  const path = uri
    .slice(colon + 1)
    .split("/")
    .filter((part) => part !== "");
  return { uri, target: scheme.toLowerCase(), path: path.map(decodePart) };
}

/** What a target's name must be like for a URI to name it. */
export const targetNameRule =
  'must start with a lower-case letter, then have lower-case letters, digits, "+", "-", "." and "_"';

/** Whether a target can have that name. One with an underscore is reached by its name alone, and by no URI. */
export function isTargetName(name: unknown): name is string {
  return typeof name === "string" && /^[a-z][a-z0-9+._-]*$/.test(name);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `"${part}" in the target URI has a broken percent escape.`);
  }
}
