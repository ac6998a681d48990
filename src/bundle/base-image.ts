import { DeploymentError } from "../core/errors.js";

/** The serving runtime's oldest Python, as its setup.py says too. */
const oldestMinor = 9;

/** For a model that does not say which Python it was logged with: one that every MLflow 2.19 and later supports. */
export const defaultPython = "3.11";

/** `X.Y` of a Python version such as `3.11.7`; null where the model does not say it. */
export function pythonMinor(pythonVersion: string | null): string | null {
  return pythonVersion === null ? null : (/^(3\.\d{1,2})(?![\d])/.exec(pythonVersion)?.[1] ?? null);
}

/** Docker's grammar of image names: https://pkg.go.dev/github.com/distribution/reference */
const reference = new RegExp(
  "^(?:(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?/)?" +
    "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*)*" +
    "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$",
);

/** A legal name has at most 255 characters; tag and digest come after it. */
const longest = 255 + 128 + 72;

/**
 * The image that the Dockerfile starts from.
 *
 * @param chosen - `config.baseImage`; null for `python:X.Y-slim`, Docker's official image of the model's Python.
 * @param needsTools - Whether git or a compiler is needed, which `python:X.Y` has.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what is no name of an image, and for a Python that is too old.
 */
export function baseImage(chosen: string | null, pythonVersion: string | null, needsTools: boolean): string {
  if (chosen !== null) {
    if (chosen.length <= longest && reference.test(chosen)) return chosen;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `baseImage is ${JSON.stringify(chosen.slice(0, 200))}, which is no name of an image. Write it like python:3.11-slim or europe-docker.pkg.dev/project/repository/image:tag.`,
    );
  }
  const minor = pythonVersion === null ? defaultPython : pythonMinor(pythonVersion);
  if (minor === null || Number(minor.slice(2)) < oldestMinor) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The model was logged with Python ${JSON.stringify(pythonVersion)}; the serving runtime needs 3.${oldestMinor} or later. Log the model with a newer one, or choose an image by baseImage.`,
    );
  }
  return needsTools ? `python:${minor}` : `python:${minor}-slim`;
}

/** For values in a Dockerfile: none may hold what Docker gives a meaning to, such as a blank, a quote or a `$`. */
export function dockerWord(value: string): string {
  if (/^[A-Za-z0-9._:/@[\]-]+$/.test(value)) return value;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", `${JSON.stringify(value)} cannot be written in a Dockerfile.`);
}
