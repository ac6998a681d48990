import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader } from "../core/services.js";
import { type Artifact, checkListingSize } from "./artifact.js";
import { listLocalDirectory } from "./local-directory.js";
import { mlmodelFile } from "./mlmodel.js";
import { modelUriForms } from "./model-uri.js";
import { withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";

/** The files of a model, wherever they are: a local directory, or a store that there is a reader for. */
export class Artifacts {
  readonly #readers: ReadonlyMap<string, ArtifactReader>;

  /** @param readers By the scheme of the URIs that they read, such as `gs`. */
  constructor(readers: Record<string, ArtifactReader>) {
    this.#readers = new Map(Object.entries(readers));
  }

  /**
   * The files below all of these directories, sorted by path. Where two have a file of the same path, the later one's
   * counts. Of several, one that does not exist counts as empty, and so does a directory of this machine that holds no
   * model of its own: the server names it, and must not have other files taken along.
   */
  async list(directoryUris: readonly string[], context: StepContext): Promise<Artifact[]> {
    const found = new Map<string, Artifact>();
    let failure: unknown;
    for (const uri of directoryUris) {
      try {
        const artifacts = await this.#listOne(uri, context);
        const isLayer = directoryUris.length > 1;
        if (isLayer && isLocal(uri) && !artifacts.some(({ path }) => path === mlmodelFile)) continue;
        for (const artifact of artifacts) found.set(artifact.path, artifact);
      } catch (error) {
        // any other failure could leave the files out that count
        if (!DeploymentError.is(error) || error.code !== "RESOURCE_DOES_NOT_EXIST") throw error;
        failure ??= error;
      }
    }
    if (found.size === 0 && failure !== undefined) throw failure;
    return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #listOne(uri: string, context: StepContext): Promise<Artifact[]> {
    const scheme = schemeOf(uri);
    if (scheme === undefined) return listLocalDirectory(uri);
    const reader = this.#readers.get(scheme);
    if (reader === undefined) throw unsupported(uri, scheme);
    const files = await reader.list(uri, context);
    checkListingSize(files.length, uri);
    return files.map(({ path, size }) => ({
      path: safePath(path, `The listing of ${withoutCredentials(uri)}`),
      size,
      directoryUri: uri,
      open: (download) => reader.open(uri, path, download),
    }));
  }
}

function schemeOf(uri: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
}

function isLocal(uri: string): boolean {
  return schemeOf(uri) === undefined;
}

function unsupported(uri: string, scheme: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The files at ${withoutCredentials(uri)} cannot be read: "${scheme}:" is not supported. Supported are ${modelUriForms}. ` +
      "A server started with --serve-artifacts gives them out as mlflow-artifacts:/.",
  );
}
