import { checkListingSize } from "../core/artifact-listing.js";
import { DeploymentError, plainCause } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, ListedArtifact } from "../core/services.js";
import type { Artifact } from "./artifact.js";
import { listLocalDirectory } from "./local-directory.js";
import { mlmodelFile } from "./mlmodel.js";
import { maskUrls, withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";
import { unsupportedStore } from "./unsupported-store.js";

/** The files of a model, wherever they are: a local directory, or a store that there is a reader for. */
export class Artifacts {
  readonly #readers: ReadonlyMap<string, ArtifactReader>;

  readonly #servers: ReadonlySet<ArtifactReader>;

  /**
   * @param readers By the scheme of the URIs that they read, such as `gs`.
   * @param servers Those of them that read from MLflow's servers.
   */
  constructor(readers: Record<string, ArtifactReader>, servers: ReadonlySet<ArtifactReader>) {
    this.#readers = new Map(Object.entries(readers));
    this.#servers = servers;
  }

  /**
   * The files below all of these directories, sorted by path. Where two have a file of the same path, the later one's
   * counts. Of several, one that does not exist counts as empty, and so does a directory of this machine that holds no
   * model of its own: the server names it, and must not have other files taken along.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a store without reader, and for a listing that no directory can have.
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
    checkNoFileIsDirectory(found);
    return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #listOne(uri: string, context: StepContext): Promise<Artifact[]> {
    const scheme = schemeOf(uri);
    if (scheme === undefined) return listLocalDirectory(uri);
    const reader = this.#readers.get(scheme);
    if (reader === undefined) throw unsupportedStore(uri, scheme);
    const place = withoutCredentials(uri);
    const files = await listBy(reader, uri, context);
    if (!isListing(files)) throw noListing(scheme, place);
    checkListingSize(files.length, place);
    const paths = new Set<string>();
    return files.map((file) => {
      checkListed(file, paths, place);
      return {
        path: file.path,
        size: file.size,
        // a reader in JavaScript may say null, or nothing: then the file is read
        version: file.version || undefined,
        crc32c: /^[A-Za-z0-9+/]{6}==$/.test(file.crc32c ?? "") ? file.crc32c : undefined,
        object: file.object ?? undefined,
        isServed: this.#servers.has(reader),
        directoryUri: uri,
        open: (download) => reader.open(uri, file.path, download, file.version),
      };
    });
  }
}

/** The listing of a reader, which may be one of the user's own: what it says of its failure can hold a signed URL. */
async function listBy(reader: ArtifactReader, uri: string, context: StepContext): Promise<unknown> {
  try {
    return await reader.list(uri, context);
  } catch (error) {
    if (DeploymentError.is(error) || (error instanceof Error && /^(Abort|Timeout)Error$/.test(error.name))) throw error;
    const reason = maskUrls(error instanceof Error ? error.message : String(error));
    throw new DeploymentError("INTERNAL_ERROR", `Listing ${withoutCredentials(uri)} failed: ${reason}`, {
      cause: plainCause(error, reason, {}),
    });
  }
}

function isListing(files: unknown): files is ListedArtifact[] {
  return (
    Array.isArray(files) &&
    files.every(
      (file: unknown) => typeof file === "object" && file !== null && "path" in file && typeof file.path === "string",
    )
  );
}

function noListing(scheme: string, place: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The reader of "${scheme}:" gives no listing of ${place}: its list(uri, context) must resolve to an array of { path, size }.`,
  );
}

/** @param seen The paths of the listing before this one, to which it is added. */
function checkListed({ path, size }: ListedArtifact, seen: Set<string>, place: string): void {
  safePath(path, `The listing of ${place}`);
  if (!Number.isSafeInteger(size) || size < 0)
    throw impossible(place, `"${path}" has a size that no file has (${size})`);
  if (seen.has(path)) throw impossible(place, `"${path}" is listed twice`);
  seen.add(path);
}

/** A store of objects may have both `a` and `a/b`; no directory can. */
function checkNoFileIsDirectory(artifacts: ReadonlyMap<string, Artifact>): void {
  for (const { path, directoryUri } of artifacts.values()) {
    for (let end = path.lastIndexOf("/"); end !== -1; end = path.lastIndexOf("/", end - 1)) {
      const parent = path.slice(0, end);
      if (artifacts.has(parent)) {
        throw impossible(withoutCredentials(directoryUri), `"${parent}" is a file, and there is "${path}" below it`);
      }
    }
  }
}

function schemeOf(uri: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
}

function isLocal(uri: string): boolean {
  return schemeOf(uri) === undefined;
}

function impossible(place: string, what: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The files at ${place} cannot be a model's: ${what}. Remove or rename it in the store.`,
  );
}
