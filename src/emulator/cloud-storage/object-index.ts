import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import type { ObjectResource } from "./object-store.js";

/** An object on disk. */
export interface DiskObject extends ObjectResource {
  /** The name of its files, but for their endings: a hash of the object's name, which may hold anything. */
  fileName: string;
}

/** The directory of an object's files: 256 to a bucket, so that none grows too large. */
export function objectDirectory(root: string, object: Pick<DiskObject, "bucket" | "fileName">): string {
  return join(root, object.bucket, object.fileName.slice(0, 2));
}

/** The metadata of all objects, in memory. */
export class ObjectIndex {
  readonly #buckets = new Map<string, Map<string, DiskObject>>();
  /** Sorted names, until a name comes or goes. */
  readonly #sorted = new Map<string, readonly string[]>();

  /** Reads the metadata files, and removes content that a crash left without one. */
  static async load(root: string, buckets: readonly string[]): Promise<ObjectIndex> {
    const index = new ObjectIndex();
    for (const bucket of buckets) {
      for (const directory of await readdir(join(root, bucket)).catch(() => [])) {
        await index.#loadDirectory(join(root, bucket, directory));
      }
    }
    return index;
  }

  get(bucket: string, name: string): DiskObject | undefined {
    return this.#buckets.get(bucket)?.get(name);
  }

  set(object: DiskObject): void {
    let objects = this.#buckets.get(object.bucket);
    if (!objects) this.#buckets.set(object.bucket, (objects = new Map()));
    if (!objects.has(object.name)) this.#sorted.delete(object.bucket);
    objects.set(object.name, object);
  }

  delete(object: DiskObject): void {
    this.#buckets.get(object.bucket)?.delete(object.name);
    this.#sorted.delete(object.bucket);
  }

  /** The names in a bucket, sorted. */
  names(bucket: string): readonly string[] {
    let names = this.#sorted.get(bucket);
    if (!names) {
      names = [...(this.#buckets.get(bucket)?.keys() ?? [])].sort();
      this.#sorted.set(bucket, names);
    }
    return names;
  }

  async #loadDirectory(directory: string): Promise<void> {
    const files = await readdir(directory);
    const live = new Set<string>();
    for (const file of files) {
      if (!file.endsWith(".json")) continue;
      const object = JSON.parse(await readFile(join(directory, file), "utf8")) as DiskObject;
      live.add(file).add(`${object.fileName}.${object.generation}`);
      this.set(object);
    }
    for (const file of files) {
      if (!live.has(file)) await rm(join(directory, file));
    }
  }
}
