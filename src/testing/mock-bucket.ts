import type { Clock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import type { ListedObject, UploadedObject, Uploader, UploadFile, UploadRequest } from "../core/services.js";

/** Objects of buckets in memory. Every bucket is there, and in the right place. */
export class MockBucket implements Uploader {
  /** By `bucket/name`. */
  readonly objects = new Map<string, ListedObject & { crc32c: string | null }>();
  readonly #clock: Clock;
  #generation = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async checkBucket(): Promise<void> {}

  async upload({ bucket, prefix, files }: UploadRequest): Promise<UploadedObject[]> {
    return files.map((file) => {
      const name = `${prefix}/${file.path}`;
      const there = this.objects.get(`${bucket}/${name}`);
      const sent = !isSame(there, file);
      return { name, generation: sent ? this.#put(bucket, name, file) : (there?.generation ?? ""), sent };
    });
  }

  async missing({ bucket, prefix, files }: UploadRequest): Promise<UploadFile[]> {
    return files.filter((file) => !isSame(this.objects.get(`${bucket}/${prefix}/${file.path}`), file));
  }

  async list(bucket: string, prefix: string): Promise<ListedObject[]> {
    const found = [...this.objects].filter(([key]) => key.startsWith(`${bucket}/${prefix}`));
    return found.map(([, { name, generation, size, createTime }]) => ({ name, generation, size, createTime }));
  }

  async delete(bucket: string, { name, generation }: Pick<ListedObject, "name" | "generation">): Promise<void> {
    const key = `${bucket}/${name}`;
    if ((this.objects.get(key)?.generation ?? generation) !== generation)
      throw new DeploymentError("RESOURCE_CONFLICT", `The object gs://${key} was changed by another process.`);
    this.objects.delete(key);
  }

  /** Writes an object, and gives its generation. */
  #put(bucket: string, name: string, { size, crc32c }: UploadFile): string {
    const generation = String(++this.#generation);
    const createTime = new Date(this.#clock.now()).toISOString();
    this.objects.set(`${bucket}/${name}`, { name, generation, size: size ?? 0, createTime, crc32c });
    return generation;
  }
}

/** Where a file's checksum is not known, what is there under its name and in its size is the file. */
function isSame(there: { size: number; crc32c: string | null } | undefined, { size, crc32c }: UploadFile): boolean {
  return there !== undefined && (crc32c === null ? there.size === size : there.crc32c === crc32c);
}
