import { DeploymentError } from "../core/errors.js";
import { withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";

/** A model URI, taken apart. What it names is for the tracking server to say. */
export type ModelUri =
  | { kind: "run"; runId: string; path: string | null }
  | { kind: "loggedModel"; modelId: string }
  | { kind: "version"; name: string; version: string; path: string | null }
  | { kind: "alias"; name: string; alias: string; path: string | null }
  /** `stage: null` is the latest of all versions. */
  | { kind: "stage"; name: string; stage: string | null; path: string | null }
  /** A directory of files; `scheme` is `file` for a plain path. */
  | { kind: "artifacts"; scheme: string; uri: string };

/** The forms that {@link parseModelUri} knows, for messages. */
export const modelUriForms =
  "runs:/RUN_ID/path, models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest, models:/m-MODEL_ID, " +
  "mlflow-artifacts:/path, https://HOST/api/2.0/mlflow-artifacts/artifacts/path, gs://bucket/path, s3://bucket/path, " +
  "file:///path, or a local directory";

/**
 * Takes a model URI apart as MLflow does (`mlflow.store.artifact.utils.models`), without decoding anything in it.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with the known forms.
 */
export function parseModelUri(uri: string): ModelUri {
  const text = uri.trim();
  if (text === "") throw unknownForm(uri);
  // a single letter before the colon is a drive, not a scheme
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: "artifacts", scheme: "file", uri: text };
  if (scheme === "runs") return parseRunUri(text);
  if (scheme === "models") return parseRegistryUri(text);
  return { kind: "artifacts", scheme, uri: text };
}

function parseRunUri(uri: string): ModelUri {
  const [runId, ...rest] = segments(uri);
  if (runId === undefined) throw unknownForm(uri);
  return { kind: "run", runId, path: subpath(rest) };
}

function parseRegistryUri(uri: string): ModelUri {
  const [first, ...rest] = segments(uri);
  if (first === undefined) throw unknownForm(uri);
  const at = first.lastIndexOf("@");
  if (at !== -1) {
    const name = first.slice(0, at);
    const alias = first.slice(at + 1);
    if (name === "" || alias === "") throw unknownForm(uri);
    return { kind: "alias", name, alias, path: subpath(rest) };
  }
  const [suffix, ...deeper] = rest;
  if (suffix === undefined) return { kind: "loggedModel", modelId: first };
  const path = subpath(deeper);
  if (/^\d+$/.test(suffix)) return { kind: "version", name: first, version: suffix, path };
  return { kind: "stage", name: first, stage: suffix.toLowerCase() === "latest" ? null : suffix, path };
}

/** The parts of `scheme:/a/b`; one slash at the end is no part. */
function segments(uri: string): string[] {
  const path = uri.slice(uri.indexOf(":") + 1);
  // `runs://x` would make x a host, which only Databricks gives a meaning to
  if (!/^\/(?!\/[^/])/.test(path)) throw unknownForm(uri);
  const parts = path.replace(/^\/+/, "").replace(/\/$/, "").split("/");
  if (parts.some((part) => part.trim() === "")) throw unknownForm(uri);
  return parts;
}

function subpath(parts: string[]): string | null {
  return parts.length === 0 ? null : safePath(parts.join("/"), "The model URI");
}

function unknownForm(uri: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `"${withoutCredentials(uri)}" is not a model URI. Known forms: ${modelUriForms}.`,
  );
}
