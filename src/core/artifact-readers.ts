import { DeploymentError } from "./errors.js";
import type { ArtifactReader } from "./services.js";

const registered = new Map<string, ArtifactReader>();

/** Schemes that are no stores: they lead to one. */
const taken: ReadonlySet<string> = new Set(["runs", "models", "file"]);

/**
 * Adds a store that models can be read from, for all targets and `runLocal` of this process, as MLflow's registry of artifact
 * repositories does. It goes before a reader of this package's own, and replaces one that was registered for the scheme before.
 *
 * ```ts
 * registerArtifactReader("wasbs", { list: async (uri, { signal }) => …, open: async (uri, path, { signal }) => … });
 * ```
 *
 * @param scheme - The scheme of the URIs that it reads, such as `wasbs`.
 * @param reader - What it lists and gives is checked, as that of any store.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what is no scheme, or one that MLflow gives a meaning to; for a reader
 * without `list` and `open`.
 */
export function registerArtifactReader(scheme: string, reader: ArtifactReader): void {
  if (!/^[a-z][a-z0-9+.-]+$/.test(scheme) || taken.has(scheme)) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `${JSON.stringify(scheme)} cannot be the scheme of a store. Write it in lower case and without a colon, such as "wasbs"; ` +
        "runs, models and file are taken.",
    );
  }
  if (typeof reader?.list !== "function" || typeof reader.open !== "function") {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The reader of "${scheme}:" lacks a method. It needs list(uri, context) and open(uri, path, context).`,
    );
  }
  registered.set(scheme, reader);
}

/** Those of {@link registerArtifactReader}, by their schemes. */
export function registeredArtifactReaders(): Record<string, ArtifactReader> {
  return Object.fromEntries(registered);
}
