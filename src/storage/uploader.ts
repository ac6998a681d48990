import { setMaxListeners } from "node:events";

import type { Bucket } from "@google-cloud/storage";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ListedObject, UploadedObject, Uploader, UploadFile, UploadRequest } from "../core/services.js";
import { checkBucket } from "./bucket-check.js";
import type { StorageConnection } from "./connection.js";
import { untilCancelled } from "./cancellation.js";
import { explained, httpStatus, isMissingBucket } from "./errors.js";
import { listObjects } from "./listing.js";
import { objectName } from "./object-name.js";
import { isSame, type ObjectResource, objectResource } from "./object-resource.js";
import { ObjectTransport } from "./object-transport.js";
import { memoryOf, uploadObject } from "./object-upload.js";
import { Slots } from "./slots.js";
import { TransferProgress } from "./transfer-progress.js";
import { requireSize } from "./upload-limit.js";

/** Files on their way at once. */
const concurrency = 24;

/** What they may take of memory together. Bytes. */
const memory = 64 * 2 ** 20;

const role = "roles/storage.objectAdmin";

/** Options of {@link GcsUploader}. */
export interface GcsUploaderOptions {
  /** Milliseconds without a word of Cloud Storage, or a byte that it takes, after which a request has failed. Default 60,000. */
  silenceMs?: number;
}

/** Uploads to Cloud Storage. */
export class GcsUploader implements Uploader {
  readonly #connection: StorageConnection;
  readonly #transport: ObjectTransport;

  constructor(connection: StorageConnection, { silenceMs = 60_000 }: GcsUploaderOptions = {}) {
    this.#connection = connection;
    this.#transport = new ObjectTransport(connection, silenceMs);
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
    const { bucket, prefix, files } = request;
    const totalBytes = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
    requireSize(totalBytes, { bucket, name: prefix });
    const named = files.map((file) => ({ file, name: objectName(prefix, file.path) }));
    const client = await this.#connection.client();
    const names = new Set(named.map(({ name }) => name));
    const present = await this.#find(client.bucket(bucket), prefix, names, context.signal);
    const progress = new TransferProgress(context.report, { bytes: totalBytes, files: files.length });

    return together(named, context.signal, async ({ file, name }, signal) => {
      const found = present.get(name);
      const fileProgress = progress.follow(file.size);
      const inPlace = found !== undefined && isSame(found, file);
      if (inPlace) {
        fileProgress.done();
        return { name, generation: found.generation, sent: false };
      }
      const doing = `${file.object ? "Copying" : "Uploading"} gs://${bucket}/${name}`;
      const attempt = { doing, bucket, role, source: file.object?.bucket } as const;
      const generation = await explained(this.#connection, attempt, () => {
        const { retryOptions } = client;
        const overwritten = found?.generation ?? "0";
        const target = {
          transport: this.#transport,
          retryOptions,
          bucket,
          name,
          generation: overwritten,
          signal,
          sent: (bytes: number) => fileProgress.sent(bytes),
        };
        return uploadObject(file, target);
      });
      fileProgress.done();
      return { name, generation, sent: true };
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
  ): Promise<Map<string, ObjectResource>> {
    const found = new Map<string, ObjectResource>();
    if (wanted.size === 0) return found;
    const doing = `Listing gs://${bucket.name}/${prefix}`;
    await explained(this.#connection, { doing, bucket: bucket.name, role }, async () => {
      for await (const object of listObjects(bucket, objectName(prefix, ""), signal)) {
        if (object.name !== undefined && wanted.has(object.name)) found.set(object.name, objectResource(object));
      }
    });
    return found;
  }
}

/** Runs `work` for all files, some at a time. The first failure stops the rest, and is thrown when all have ended. */
async function together<Item extends { file: UploadFile }, Result>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const slots = new Slots({ count: concurrency, bytes: memory });
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  // each file on its way listens
  setMaxListeners(0, either);
  const results = items.map((item) =>
    slots
      .run(memoryOf(item.file), async () => {
        if (either.aborted) throw new DeploymentError("CANCELLED", "The upload was cancelled.");
        return work(item, either);
      })
      .catch((error: unknown) => {
        // the signal's reason is kept from the first abort: what fails because of it comes later
        failed.abort(error);
        throw error;
      }),
  );
  await Promise.allSettled(results);
  if (failed.signal.aborted) throw failed.signal.reason;
  return Promise.all(results);
}
