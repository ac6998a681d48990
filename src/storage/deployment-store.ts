import type { Bucket, File } from "@google-cloud/storage";
import { crc32c } from "@node-rs/crc32";
import pLimit from "p-limit";

import { DeploymentError } from "../core/errors.js";
import { encodeCrc32c, sha256 } from "../core/hash.js";
import type { StepContext } from "../core/progress.js";
import type { DeploymentRecord } from "../core/record.js";
import type { DeploymentStore, ListedRecord, RecordList, StoredRecord } from "../core/services.js";
import { untilCancelled } from "./cancellation.js";
import { NativeCrc32c } from "./checksums.js";
import type { StorageConnection } from "./connection.js";
import { formatRecord, parseRecord } from "./deployment-record.js";
import { explained, httpStatus, isMissingBucket, withoutRequest } from "./errors.js";
import { listObjects } from "./listing.js";

/** Where records are: `gs://bucket/prefix/…`. */
export interface RecordLocation {
  bucket: string;
  /** No slash at either end; may be empty. */
  prefix: string;
  /** Below which the records of other projects and regions are too. Default: `prefix`. */
  sharedPrefix?: string | undefined;
}

/** Records that are read at once. */
const listConcurrency = 8;

/** So often a record may change between the two requests that read it. */
const readAttempts = 5;

/**
 * Records of deployments, one JSON object each. Every write names the generation it replaces (`ifGenerationMatch`), so of
 * two writers one is refused, and a repeated request cannot apply twice.
 */
export class GcsDeploymentStore implements DeploymentStore {
  readonly #connection: StorageConnection;
  readonly #location: RecordLocation;

  constructor(connection: StorageConnection, location: RecordLocation) {
    this.#connection = connection;
    this.#location = location;
  }

  /** @throws DeploymentError `FAILED_PRECONDITION` when the object is not a record that this version reads. */
  read(name: string, context: StepContext): Promise<StoredRecord | null> {
    return this.#attempt("Reading the record", name, async (bucket, objectName, uri) => {
      const found = await load(bucket, objectName, uri, context.signal);
      return found && { record: parseRecord(found.text, name, uri), generation: found.generation };
    });
  }

  write(record: DeploymentRecord, generation: string | null, context: StepContext): Promise<string> {
    return this.#attempt("Writing the record", record.name, async (bucket, objectName, uri) => {
      const text = formatRecord(record);
      const object = bucket.file(objectName);
      try {
        await untilCancelled(() => save(object, text, generation ?? 0), context.signal, `Writing ${uri}`);
        return String(object.metadata.generation);
      } catch (error) {
        const written = await findWritten(bucket, objectName, uri, text, error);
        if (written) return written;
        if (httpStatus(error) !== 412) throw error;
        throw new DeploymentError(
          "RESOURCE_CONFLICT",
          `The record of "${record.name}" (${uri}) changed since it was read: another process works on this deployment. ` +
            "Run it again when that one has finished.",
          { cause: withoutRequest(error), retryable: false },
        );
      }
    });
  }

  delete(name: string, generation: string, context: StepContext): Promise<void> {
    return this.#attempt("Deleting the record", name, async (bucket, objectName, uri) => {
      const remove = () => bucket.file(objectName).delete({ ifGenerationMatch: generation });
      try {
        await untilCancelled(remove, context.signal, `Deleting ${uri}`);
      } catch (error) {
        if (httpStatus(error) !== 404 || isMissingBucket(error)) throw error;
      }
    });
  }

  async list(context: StepContext): Promise<RecordList> {
    const { bucket: bucketName, prefix, sharedPrefix = prefix } = this.#location;
    const below = sharedPrefix === "" ? "" : `${sharedPrefix}/`;
    const attempt = {
      doing: `Listing the records gs://${bucketName}/${below}`,
      bucket: bucketName,
      role: "roles/storage.objectAdmin",
    } as const;
    return explained(this.#connection, attempt, async () => {
      const bucket = (await this.#connection.client()).bucket(bucketName);
      const names: string[] = [];
      for await (const { name = "" } of listObjects(bucket, below, context.signal)) {
        if (!name.endsWith("/")) names.push(name); // what stands for a folder
      }
      const limit = pLimit(listConcurrency);
      const found = await Promise.all(names.map((name) => limit(() => readListed(bucket, name, prefix, context))));
      return {
        records: found.flatMap((each) => (each === null || DeploymentError.is(each) ? [] : [each])),
        unreadable: found.flatMap((each) => (DeploymentError.is(each) ? [each] : [])),
      };
    });
  }

  async #attempt<T>(
    doing: string,
    name: string,
    work: (bucket: Bucket, objectName: string, uri: string) => Promise<T>,
  ): Promise<T> {
    const { bucket, prefix } = this.#location;
    const objectName = recordObject(prefix, name);
    const uri = `gs://${bucket}/${objectName}`;
    const attempt = { doing: `${doing} ${uri}`, bucket, role: "roles/storage.objectAdmin" } as const;
    return explained(this.#connection, attempt, async () =>
      work((await this.#connection.client()).bucket(bucket), objectName, uri),
    );
  }
}

/** A readable part of the deployment's name, and a hash, since two names may have the same readable part. */
export function recordObject(prefix: string, name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);
  const file = [slug, sha256(name).slice(0, 12)].filter(Boolean).join("-");
  return [prefix, `${file}.json`].filter(Boolean).join("/");
}

/** A record by its object's name; null when it is gone meanwhile, the error when the object is none. */
async function readListed(
  bucket: Bucket,
  objectName: string,
  prefix: string,
  { signal }: StepContext,
): Promise<ListedRecord | DeploymentError | null> {
  const uri = `gs://${bucket.name}/${objectName}`;
  const found = await load(bucket, objectName, uri, signal);
  if (!found) return null;
  try {
    const record = parseRecord(found.text, null, uri);
    return { record, generation: found.generation, uri, own: recordObject(prefix, record.name) === objectName };
  } catch (error) {
    if (DeploymentError.is(error)) return error;
    throw error;
  }
}

async function save(object: File, text: string, generation: string | 0): Promise<void> {
  await object.save(text, {
    resumable: false,
    validation: false, // Cloud Storage checks the CRC32C below; the client's check would delete what it rejects
    preconditionOpts: { ifGenerationMatch: generation },
    metadata: {
      contentType: "application/json",
      cacheControl: "no-store",
      crc32c: encodeCrc32c(crc32c(text)),
    },
  });
}

/** The object's text and generation; null when there is none. */
async function load(
  bucket: Bucket,
  objectName: string,
  uri: string,
  signal: AbortSignal | undefined,
): Promise<{ text: string; generation: string } | null> {
  const doing = `Reading ${uri}`;
  for (let attempt = 0; attempt < readAttempts; attempt++) {
    try {
      const [metadata] = await untilCancelled(() => bucket.file(objectName).getMetadata(), signal, doing);
      const generation = String(metadata.generation);
      const text = await untilCancelled(() => download(bucket, objectName, generation), signal, doing);
      if (text !== null) return { text, generation };
    } catch (error) {
      if (httpStatus(error) === 404 && !isMissingBucket(error)) return null;
      throw error;
    }
  }
  throw new DeploymentError("RESOURCE_CONFLICT", `${uri} changes all the time. Run it again later.`, {
    retryable: true,
  });
}

/** One generation's text; null when another has replaced it. */
async function download(bucket: Bucket, objectName: string, generation: string): Promise<string | null> {
  try {
    const object = bucket.file(objectName, { generation, crc32cGenerator: () => new NativeCrc32c() });
    const [content] = await object.download();
    return content.toString("utf8");
  } catch (error) {
    if (httpStatus(error) === 404 && !isMissingBucket(error)) return null;
    throw error;
  }
}

/**
 * After a write whose answer was lost, or which the client repeated: the generation of the object if it is exactly what was to be
 * written. The text holds the lock's id, so nobody else writes the same.
 */
async function findWritten(
  bucket: Bucket,
  objectName: string,
  uri: string,
  text: string,
  error: unknown,
): Promise<string | null> {
  if (DeploymentError.is(error)) return null;
  const status = httpStatus(error);
  if (status !== undefined && status !== 412 && status < 500) return null;
  const found = await load(bucket, objectName, uri, undefined).catch(() => null);
  return found?.text === text ? found.generation : null;
}
