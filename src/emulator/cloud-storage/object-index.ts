import { rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { type DiskObject, ObjectJournal } from "./object-journal.js";

/** Bytes of a journal that are past before it is worth while to leave them out. */
const muchPast = 32 * 1024 * 1024;
/** About what a line of the journal takes, in bytes. */
const lineBytes = 700;

/** The file, in the directory of a bucket, that has the metadata and what is small; others are content. */
const journalName = "journal";

/** A bucket's objects: their metadata in memory, and on disk in a journal. */
class BucketIndex {
  readonly objects = new Map<string, DiskObject>();
  readonly journal: ObjectJournal;
  /** Sorted names, until a name comes or goes. */
  #sorted: readonly string[] | undefined;
  /** About how many bytes of the journal are about what is no more. */
  #past = 0;
  /** So much of that is left out. */
  #tidyAt = muchPast;

  constructor(directory: string) {
    this.journal = new ObjectJournal(join(directory, journalName));
    try {
      for (const entry of this.journal.entries()) {
        if ("deleted" in entry) this.#forget(entry.deleted);
        else this.#remember(entry.object);
      }
    } catch (error) {
      this.journal.close();
      throw error;
    }
  }

  set(object: DiskObject, content: Buffer | undefined): DiskObject {
    const placed = this.journal.put(object, content);
    this.#remember(placed);
    this.#tidy();
    return this.objects.get(object.name) ?? placed;
  }

  delete(name: string): void {
    this.journal.delete(name);
    this.#forget(name);
    this.#tidy();
  }

  names(): readonly string[] {
    this.#sorted ??= [...this.objects.keys()].sort();
    return this.#sorted;
  }

  #remember(object: DiskObject): void {
    const former = this.objects.get(object.name);
    if (!former) this.#sorted = undefined;
    else this.#past += lineBytes + (former.at === object.at ? 0 : contentBytes(former));
    this.objects.set(object.name, object);
  }

  #forget(name: string): void {
    const former = this.objects.get(name);
    if (former) this.#past += 2 * lineBytes + contentBytes(former);
    this.objects.delete(name);
    this.#sorted = undefined;
  }

  #tidy(): void {
    if (this.#past < this.#tidyAt || this.#past < this.journal.size / 2) return;
    try {
      for (const object of this.journal.rewrite(this.objects.values())) this.objects.set(object.name, object);
      this.#past = 0;
      this.#tidyAt = muchPast;
    } catch {
      // no room for both: the change that led here is made all the same, and the journal as it is goes on
      this.#tidyAt = this.#past + muchPast;
    }
  }
}

function contentBytes(object: DiskObject): number {
  return object.at === undefined ? 0 : Number(object.size);
}

/** All objects. */
export class ObjectIndex {
  readonly #root: string;
  readonly #buckets = new Map<string, BucketIndex>();

  private constructor(root: string) {
    this.#root = root;
  }

  /**
   * Reads the journals, and removes content that a crash left without an object.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` when a journal is damaged.
   */
  static async load(root: string, buckets: readonly string[]): Promise<ObjectIndex> {
    const index = new ObjectIndex(root);
    try {
      for (const bucket of buckets) await index.#load(bucket);
    } catch (error) {
      index.close();
      throw error;
    }
    return index;
  }

  /** The generation that is the highest of all. */
  get lastGeneration(): bigint {
    let last = 0n;
    for (const { objects } of this.#buckets.values()) {
      for (const { generation } of objects.values()) if (BigInt(generation) > last) last = BigInt(generation);
    }
    return last;
  }

  get(bucket: string, name: string): DiskObject | undefined {
    return this.#buckets.get(bucket)?.objects.get(name);
  }

  /** @param content What is to be kept beside the metadata. */
  set(object: DiskObject, content?: Buffer): DiskObject {
    return this.#bucket(object.bucket).set(object, content);
  }

  delete(object: DiskObject): void {
    this.#bucket(object.bucket).delete(object.name);
  }

  /** The content of an object that is kept beside its metadata: from `start` up to but not including `end`. */
  read(object: DiskObject, start?: number, end?: number): Buffer {
    return this.#bucket(object.bucket).journal.read(object, start, end);
  }

  /** The names in a bucket, sorted. */
  names(bucket: string): readonly string[] {
    return this.#buckets.get(bucket)?.names() ?? [];
  }

  /** Makes a place for a bucket's objects, with nothing in it. */
  addBucket(bucket: string): void {
    this.deleteBucket(bucket);
    this.#open(bucket);
  }

  /** Removes a bucket, with all that is in it. */
  deleteBucket(bucket: string): void {
    this.#buckets.get(bucket)?.journal.close();
    this.#buckets.delete(bucket);
    rmSync(join(this.#root, bucket), { recursive: true, force: true });
  }

  close(): void {
    for (const { journal } of this.#buckets.values()) journal.close();
    this.#buckets.clear();
  }

  async #load(bucket: string): Promise<void> {
    const { objects } = this.#open(bucket);
    const live = new Set([...objects.values()].map(({ generation }) => generation)).add(journalName);
    for (const file of await readdir(join(this.#root, bucket), { withFileTypes: true })) {
      if (file.isFile() && !live.has(file.name)) await rm(join(this.#root, bucket, file.name));
    }
  }

  #open(bucket: string): BucketIndex {
    const index = new BucketIndex(join(this.#root, bucket));
    this.#buckets.set(bucket, index);
    return index;
  }

  #bucket(bucket: string): BucketIndex {
    const index = this.#buckets.get(bucket);
    if (!index) throw new Error(`The objects of ${bucket} are closed.`);
    return index;
  }
}
