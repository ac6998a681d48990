import type { Bucket, FileMetadata } from "@google-cloud/storage";
import pLimit from "p-limit";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ListedObject, UploadedObject, Uploader, UploadFile, UploadRequest } from "../core/services.js";
import { checkBucket } from "./bucket-check.js";
import type { StorageConnection } from "./connection.js";
import { untilCancelled } from "./cancellation.js";
import { explained, httpStatus, isMissingBucket } from "./errors.js";
import { listObjects } from "./listing.js";
import { objectName } from "./object-name.js";
import { isSame, uploadObject } from "./object-upload.js";
import { TransferProgress } from "./transfer-progress.js";

/** Vertex AI takes no more than 10 GB of artifacts for one model ("Import models": "Limitations"). Bytes. */
const largestUpload = 10 * 2 ** 30;

/** Files on their way at once; a large one takes up to three chunks of memory. */
const concurrency = 8;

const role = "roles/storage.objectAdmin";

/** Uploads to Cloud Storage. */
export class GcsUploader implements Uploader {
  readonly #connection: StorageConnection;

  constructor(connection: StorageConnection) {
    this.#connection = connection;
  }

  /**
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` (no such bucket), `PERMISSION_DENIED` (its objects are forbidden),
   * `INVALID_PARAMETER_VALUE` (it is in another region).
   */
  async checkBucket(bucket: string, location: string, context: StepContext): Promise<void> {
    await checkBucket(this.#connection, bucket, location, context);
  }

  async missing({ bucket: bucketName, prefix, files }: UploadRequest, context: StepContext): Promise<UploadFile[]> {
    const named = files.map((file) => ({ file, name: objectName(prefix, file.path) }));
    const bucket = (await this.#connection.client()).bucket(bucketName);
    const present = await this.#find(bucket, prefix, new Set(named.map(({ name }) => name)), context.signal);
    return named.flatMap(({ file, name }) => {
      const found = present.get(name);
      return found !== undefined && isSame(found, file) ? [] : [file];
    });
  }

  /**
   * Sends what is not there yet. A file that fails stops the others; run again, it goes on with what is missing.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` (more than 10 GB, an object name that is not allowed),
   * `FAILED_PRECONDITION` (a file changed since it was hashed), `RESOURCE_CONFLICT` (another writer), `CANCELLED`.
   */
  async upload(request: UploadRequest, context: StepContext): Promise<UploadedObject[]> {
    const { bucket: bucketName, prefix, files } = request;
    const totalBytes = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
    requireSize(totalBytes, bucketName, prefix);
    const named = files.map((file) => ({ file, name: objectName(prefix, file.path) }));
    const bucket = (await this.#connection.client()).bucket(bucketName);
    const present = await this.#find(bucket, prefix, new Set(named.map(({ name }) => name)), context.signal);
    const progress = new TransferProgress(context.report, { bytes: totalBytes, files: files.length });

    return together(named, context.signal, async ({ file, name }, signal) => {
      const found = present.get(name);
      const fileProgress = progress.follow(file.size ?? 0);
      const inPlace = found !== undefined && isSame(found, file);
      const generation = inPlace
        ? String(found.generation)
        : await explained(
            this.#connection,
            { doing: `Uploading gs://${bucketName}/${name}`, bucket: bucketName, role },
            () =>
              uploadObject(bucket.file(name), file, {
                generation: found === undefined ? 0 : String(found.generation),
                progress: fileProgress,
                signal,
              }),
          );
      fileProgress.done();
      return { name, generation, sent: !inPlace };
    });
  }

  async list(bucketName: string, prefix: string, { signal }: StepContext): Promise<ListedObject[]> {
    const doing = `Listing gs://${bucketName}/${prefix}`;
    return explained(this.#connection, { doing, bucket: bucketName, role }, async () => {
      const found: ListedObject[] = [];
      const bucket = (await this.#connection.client()).bucket(bucketName);
      for await (const { name, generation, size, timeCreated } of listObjects(bucket, prefix, signal)) {
        if (name === undefined || generation === undefined) continue;
        found.push({ name, generation: String(generation), size: Number(size), createTime: timeCreated ?? null });
      }
      return found;
    });
  }

  async delete(
    bucketName: string,
    { name, generation }: Pick<ListedObject, "name" | "generation">,
    { signal }: StepContext,
  ): Promise<void> {
    const doing = `Deleting gs://${bucketName}/${name}`;
    await explained(this.#connection, { doing, bucket: bucketName, role }, async () => {
      const object = (await this.#connection.client()).bucket(bucketName).file(name);
      try {
        await untilCancelled(() => object.delete({ ifGenerationMatch: generation }), signal, doing);
      } catch (error) {
        if (httpStatus(error) !== 404 || isMissingBucket(error)) throw error;
      }
    });
  }

  async #find(
    bucket: Bucket,
    prefix: string,
    wanted: ReadonlySet<string>,
    signal: AbortSignal | undefined,
  ): Promise<Map<string, FileMetadata>> {
    const found = new Map<string, FileMetadata>();
    if (wanted.size === 0) return found;
    const doing = `Listing gs://${bucket.name}/${prefix}`;
    await explained(this.#connection, { doing, bucket: bucket.name, role }, async () => {
      for await (const object of listObjects(bucket, objectName(prefix, ""), signal)) {
        if (object.name !== undefined && wanted.has(object.name)) found.set(object.name, object);
      }
    });
    return found;
  }
}

function requireSize(bytes: number, bucket: string, prefix: string): void {
  if (bytes <= largestUpload) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The files for gs://${bucket}/${prefix} have ${(bytes / 2 ** 30).toFixed(1)} GB (${bytes} bytes), and Vertex AI takes at most ` +
      `${largestUpload / 2 ** 30} GB for a model. Log the model without what serving does not need.`,
  );
}

/** Runs `work` for all items, some at a time. The first failure stops the rest, and is thrown when all have ended. */
async function together<Item, Result>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const limit = pLimit(concurrency);
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const results = items.map((item) =>
    limit(async () => {
      if (either.aborted) throw new DeploymentError("CANCELLED", "The upload was cancelled.");
      return work(item, either);
    }).catch((error: unknown) => {
      // the signal's reason is kept from the first abort: what fails because of it comes later
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(results);
  if (failed.signal.aborted) throw failed.signal.reason;
  return Promise.all(results);
}
