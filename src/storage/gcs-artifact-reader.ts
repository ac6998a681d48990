import { addAbortSignal, Readable } from "node:stream";

import type { File } from "@google-cloud/storage";

import { checkListingSize } from "../core/artifact-listing.js";
import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, ListedArtifact } from "../core/services.js";
import { NativeCrc32c } from "./checksums.js";
import type { StorageConnection } from "./connection.js";
import { type Attempt, explained, storageError } from "./errors.js";
import { listObjects } from "./listing.js";
import { objectPath } from "./object-path.js";

/** Reads the files below `gs://bucket/prefix`. */
export class GcsArtifactReader implements ArtifactReader {
  readonly #connection: StorageConnection;

  constructor(connection: StorageConnection) {
    this.#connection = connection;
  }

  /**
   * Lists the objects below `uri`, but for the empty ones that stand for folders.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` (not a `gs://` URI; an object whose name is no path below it),
   * `RESOURCE_DOES_NOT_EXIST` (no such bucket), `PERMISSION_DENIED`.
   */
  async list(uri: string, context: StepContext): Promise<ListedArtifact[]> {
    const { bucket, prefix } = parseGsUri(uri);
    return explained(this.#connection, attemptOf("Listing", uri, bucket), async () => {
      const files: ListedArtifact[] = [];
      const client = await this.#connection.client();
      let objects = 0;
      for await (const object of listObjects(client.bucket(bucket), prefix, context.signal)) {
        const { name = "", size, crc32c, generation } = object;
        checkListingSize(++objects, uri);
        if (name.endsWith("/")) continue;
        if (object.contentEncoding === "gzip") throw storedCompressed(name, uri);
        const path = objectPath(name.slice(prefix.length), uri);
        const stored = generation === undefined ? undefined : { bucket, name, generation: String(generation) };
        files.push({ path, size: Number(size), crc32c, object: stored });
      }
      return files;
    });
  }

  /** The bytes of one file. The stream fails at its end when they are not those that Cloud Storage has the CRC32C of. */
  async open(uri: string, path: string, context: StepContext): Promise<NodeJS.ReadableStream> {
    const { bucket, prefix } = parseGsUri(uri);
    const attempt = attemptOf("Reading", `gs://${bucket}/${prefix}${path}`, bucket);
    const client = await explained(this.#connection, attempt, this.#connection.client);
    const object = client.bucket(bucket).file(prefix + path, { crc32cGenerator: () => new NativeCrc32c() });
    return Readable.from(content(object, this.#connection, attempt, context.signal), { objectMode: false });
  }
}

async function* content(
  object: File,
  connection: StorageConnection,
  attempt: Attempt,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    const stream = object.createReadStream();
    yield* signal ? addAbortSignal(signal, stream) : stream;
  } catch (error) {
    throw await storageError(connection, attempt, error);
  }
}

function attemptOf(doing: string, uri: string, bucket: string): Attempt {
  return { doing: `${doing} ${uri}`, bucket, role: "roles/storage.objectViewer" };
}

/** Cloud Storage gives such an object out unpacked, so that its size and checksum are not those of the file. */
function storedCompressed(name: string, uri: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${uri} has an object that is stored compressed (Content-Encoding: gzip), ${JSON.stringify(name)}. Upload it again without that.`,
  );
}

/** Bucket and prefix of a `gs://` URI; the prefix ends with a slash unless it is empty. */
function parseGsUri(uri: string): { bucket: string; prefix: string } {
  const [, bucket, path = ""] = /^gs:\/\/([a-z0-9][a-z0-9._-]*)(?:\/(.*))?$/s.exec(uri) ?? [];
  if (bucket === undefined) {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `"${uri}" is not of the form gs://bucket/path.`);
  }
  const prefix = path.replace(/\/+$/, "");
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}
