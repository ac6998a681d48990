import { randomUUID } from "node:crypto";
import { copyFileSync, createReadStream, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import type { Collection, StateStore } from "../state.js";
import { newBucket } from "./buckets.js";
import { ObjectIndex } from "./object-index.js";
import type { DiskObject } from "./object-journal.js";
import type { BucketResource, ByteRange, ObjectPath, ObjectResource, ObjectStore } from "./object-store.js";
import { type Preconditions, requirePreconditions } from "./preconditions.js";
import { type StagedContent, stageContent } from "./staged-content.js";
import { bucketNotFound, conflict, objectNotFound } from "./storage-error.js";

/** What the writer of an object says about it. */
export type ObjectSettings = Partial<
  Pick<
    ObjectResource,
    | "cacheControl"
    | "contentDisposition"
    | "contentEncoding"
    | "contentLanguage"
    | "contentType"
    | "customTime"
    | "metadata"
    | "storageClass"
    | "componentCount"
  >
>;

/**
 * Objects in the data directory: for each bucket a journal, which has the metadata and what is small, and a file for other
 * content, named after its generation and never changed. What is here is always whole: content arrives in memory or in a
 * staging directory, and becomes an object in one synchronous step, so nothing comes between the check of a precondition and
 * the change.
 */
export class DiskObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #state: StateStore;
  readonly #buckets: Collection<BucketResource>;
  readonly #index: ObjectIndex;
  #lastGeneration: bigint;

  private constructor(root: string, state: StateStore, index: ObjectIndex) {
    this.#root = root;
    this.#state = state;
    this.#buckets = bucketsOf(state);
    this.#index = index;
    this.#lastGeneration = index.lastGeneration;
  }

  /** Opens the objects kept under `dataDir`. */
  static async open(dataDir: string, state: StateStore): Promise<DiskObjectStore> {
    const root = join(dataDir, "objects");
    await rm(join(root, ".staging"), { recursive: true, force: true });
    await mkdir(join(root, ".staging"), { recursive: true });
    const buckets = bucketsOf(state).values();
    const index = await ObjectIndex.load(
      root,
      buckets.map((bucket) => bucket.name),
    );
    return new DiskObjectStore(root, state, index);
  }

  get buckets(): BucketResource[] {
    return this.#buckets.values();
  }

  async getBucket(bucket: string): Promise<BucketResource | undefined> {
    return this.#buckets.get(bucket);
  }

  /** @throws StorageError 404. */
  bucket(bucket: string): BucketResource {
    const found = this.#buckets.get(bucket);
    if (!found) throw bucketNotFound();
    return found;
  }

  async createBucket(bucket: string, options: { project: string; location: string }): Promise<BucketResource> {
    return this.insertBucket(newBucket({ name: bucket, location: options.location }, options.project));
  }

  /**
   * Adds a bucket. It is on disk before anyone knows of it: objects are written down at once, and would be lost without it.
   *
   * @throws StorageError 409 when there is one of that name.
   */
  async insertBucket(bucket: BucketResource): Promise<BucketResource> {
    if (this.#buckets.has(bucket.name)) {
      throw conflict("Your previous request to create the named bucket succeeded and you already own it.");
    }
    this.#index.addBucket(bucket.name);
    this.#buckets.set(bucket.name, bucket);
    await this.#state.saved();
    return bucket;
  }

  updateBucket(bucket: BucketResource): void {
    this.#buckets.set(bucket.name, bucket);
  }

  /** Deletes a bucket, also on disk. @throws StorageError 404; 409 when there are objects in it. */
  async deleteBucket(bucket: string): Promise<void> {
    this.bucket(bucket);
    if (this.#index.names(bucket).length > 0) throw conflict("The bucket you tried to delete is not empty.");
    this.#buckets.delete(bucket);
    this.#index.deleteBucket(bucket);
    await this.#state.saved();
  }

  /** The names in a bucket, sorted. @throws StorageError 404. */
  names(bucket: string): readonly string[] {
    this.bucket(bucket);
    return this.#index.names(bucket);
  }

  async list(bucket: string, prefix: string): Promise<ObjectResource[]> {
    return this.names(bucket)
      .filter((name) => name.startsWith(prefix))
      .map((name) => this.#index.get(bucket, name)!);
  }

  async stat(bucket: string, object: string, generation?: string): Promise<ObjectResource | undefined> {
    return this.find(bucket, object, generation);
  }

  /** @throws StorageError 404 for the bucket. */
  find(bucket: string, object: string, generation?: string): DiskObject | undefined {
    this.bucket(bucket);
    const found = this.#index.get(bucket, object);
    return generation === undefined || found?.generation === generation ? found : undefined;
  }

  /** @throws StorageError 404 for the bucket or the object. */
  object(bucket: string, object: string, generation?: string): DiskObject {
    const found = this.find(bucket, object, generation);
    if (!found) throw objectNotFound(bucket, object);
    return found;
  }

  async open(bucket: string, object: string, range?: ByteRange): Promise<Readable> {
    return this.content(this.object(bucket, object), range);
  }

  /** The content of an object as it is now, whatever is done to the object while it is read. Its reader ends or destroys it. */
  content(object: DiskObject, range?: ByteRange): Readable {
    if (object.at !== undefined) return Readable.from([this.#index.read(object, range?.start, range && range.end + 1)]);
    // a stream that opened the file itself would do so later, when it may be gone
    return createReadStream("", { ...range, fd: openSync(this.#contentPath(object), "r") });
  }

  async write(
    bucket: string,
    object: string,
    content: Readable | Buffer,
    contentType?: string,
  ): Promise<ObjectResource> {
    this.bucket(bucket);
    const staged = await this.stage(Buffer.isBuffer(content) ? Readable.from([content]) : content);
    return this.commit(bucket, object, staged, contentType === undefined ? {} : { contentType });
  }

  async copy(from: ObjectPath, to: ObjectPath): Promise<ObjectResource> {
    const source = this.object(from.bucket, from.object);
    return this.commit(to.bucket, to.object, await this.stageCopy(source), settingsOf(source));
  }

  async delete(bucket: string, object: string): Promise<void> {
    if (this.find(bucket, object)) this.remove(bucket, object);
  }

  /** A path for content on its way in. */
  stagingPath(): string {
    return join(this.#root, ".staging", randomUUID());
  }

  /** Takes content in. What breaks off leaves nothing. */
  async stage(content: AsyncIterable<Buffer>): Promise<StagedContent> {
    return stageContent(content, this.stagingPath());
  }

  /** Content that is that of an object. No byte of it is read, since none of a file ever changes. */
  async stageCopy(source: DiskObject): Promise<StagedContent> {
    const { crc32c, md5Hash } = source;
    // a composed object has no MD5, and its copy has
    if (crc32c === undefined || md5Hash === undefined) return this.stage(await this.open(source.bucket, source.name));
    const known = { size: Number(source.size), crc32c, md5Hash };
    if (source.at !== undefined) return { ...known, content: this.#index.read(source) };
    const path = this.stagingPath();
    try {
      linkSync(this.#contentPath(source), path);
    } catch {
      // a file system without hard links, or too many of this file
      copyFileSync(this.#contentPath(source), path);
    }
    return { ...known, content: path };
  }

  /** Drops content that will not become an object. */
  discard({ content }: StagedContent): void {
    if (typeof content === "string") rmSync(content, { force: true });
  }

  /**
   * Makes an object of staged content.
   *
   * @throws StorageError 404 for the bucket, 412 for a precondition; the staged content is then gone.
   */
  commit(
    bucket: string,
    name: string,
    staged: StagedContent,
    settings: ObjectSettings,
    conditions: Preconditions = {},
  ): DiskObject {
    try {
      const current = this.find(bucket, name);
      requirePreconditions(conditions, current);
      const saved = this.#save(this.#newObject(bucket, name, staged, settings), staged.content);
      if (current) this.#removeContent(current);
      return saved;
    } catch (error) {
      this.discard(staged);
      throw error;
    }
  }

  /** Changes the settings of an object and with them its metageneration. `undefined` removes one. */
  update(current: DiskObject, changes: Partial<Record<keyof ObjectSettings, unknown>>): DiskObject {
    const metageneration = String(Number(current.metageneration) + 1);
    const updated = new Date().toISOString();
    const changed: DiskObject = { ...current, ...(changes as ObjectSettings), metageneration, updated };
    return this.#index.set({ ...changed, etag: etagOf(changed) });
  }

  /** @throws StorageError 404 or 412. */
  remove(bucket: string, name: string, conditions: Preconditions = {}, generation?: string): void {
    const object = this.object(bucket, name, generation);
    requirePreconditions(conditions, object);
    this.#index.delete(object);
    this.#removeContent(object);
  }

  /** Closes the files that are open. */
  close(): void {
    this.#index.close();
  }

  #save(object: DiskObject, content: Buffer | string): DiskObject {
    if (typeof content !== "string") return this.#index.set(object, content);
    renameSync(content, this.#contentPath(object));
    try {
      return this.#index.set(object);
    } catch (error) {
      this.#removeContent(object);
      throw error;
    }
  }

  #newObject(bucket: string, name: string, staged: StagedContent, settings: ObjectSettings): DiskObject {
    const generation = this.#nextGeneration();
    const now = new Date().toISOString();
    const object: DiskObject = {
      kind: "storage#object",
      id: `${bucket}/${name}/${generation}`,
      bucket,
      name,
      generation,
      metageneration: "1",
      size: String(staged.size),
      crc32c: staged.crc32c,
      ...(staged.md5Hash === undefined ? {} : { md5Hash: staged.md5Hash }),
      storageClass: this.bucket(bucket).storageClass,
      etag: "",
      timeCreated: now,
      updated: now,
      timeStorageClassUpdated: now,
      ...settings,
    };
    return { ...object, etag: etagOf(object) };
  }

  /** Microseconds since the epoch, as Cloud Storage's own, and never the same twice. */
  #nextGeneration(): string {
    const now = BigInt(Date.now()) * 1000n;
    this.#lastGeneration = now > this.#lastGeneration ? now : this.#lastGeneration + 1n;
    return String(this.#lastGeneration);
  }

  #contentPath(object: DiskObject): string {
    return join(this.#root, object.bucket, object.generation);
  }

  #removeContent(object: DiskObject): void {
    if (object.at === undefined) rmSync(this.#contentPath(object), { force: true });
  }
}

function bucketsOf(state: StateStore): Collection<BucketResource> {
  return state.collection<BucketResource>("buckets");
}

/** What a copy takes over from its source. */
export function settingsOf(source: ObjectResource): ObjectSettings {
  const { cacheControl, contentDisposition, contentEncoding, contentLanguage, contentType, metadata } = source;
  const settings = { cacheControl, contentDisposition, contentEncoding, contentLanguage, contentType, metadata };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function etagOf(object: Pick<ObjectResource, "generation" | "metageneration">): string {
  return Buffer.from(`${object.generation}/${object.metageneration}`).toString("base64");
}
