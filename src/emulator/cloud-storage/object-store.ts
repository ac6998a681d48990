import type { Readable } from "node:stream";

/** An object as Cloud Storage's JSON API gives it (its `Object` resource), but for links, which depend on who asks. */
export interface ObjectResource {
  kind: "storage#object";
  /** `BUCKET/NAME/GENERATION`. */
  id: string;
  bucket: string;
  name: string;
  /** A number that grows with every write of this name. */
  generation: string;
  /** Grows with every change of this generation's metadata. */
  metageneration: string;
  /** Bytes. */
  size: string;
  /** Base64 of the big-endian CRC32C. */
  crc32c?: string;
  /** Base64 of the MD5. */
  md5Hash?: string;
  contentType?: string;
  contentEncoding?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  cacheControl?: string;
  customTime?: string;
  storageClass: string;
  etag: string;
  timeCreated: string;
  updated: string;
  timeStorageClassUpdated: string;
  metadata?: Record<string, string>;
  componentCount?: number;
}

/** A bucket as Cloud Storage's JSON API gives it (its `Bucket` resource), but for links. */
export interface BucketResource {
  kind: "storage#bucket";
  id: string;
  name: string;
  projectNumber: string;
  /** In capitals, such as `EUROPE-WEST1`. */
  location: string;
  locationType: string;
  storageClass: string;
  timeCreated: string;
  updated: string;
  metageneration: string;
  etag: string;
  [setting: string]: unknown;
}

/** Part of an object: bytes `start` to `end`, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Where an object is. */
export interface ObjectPath {
  bucket: string;
  object: string;
}

/**
 * Objects, as the emulator's other services read and write them: builds their sources, Vertex AI its models' artifacts.
 * A missing bucket or object is Cloud Storage's own 404.
 */
export interface ObjectStore {
  getBucket(bucket: string): Promise<BucketResource | undefined>;
  createBucket(bucket: string, options: { project: string; location: string }): Promise<BucketResource>;
  /** Every object whose name begins with `prefix`, by name. */
  list(bucket: string, prefix: string): Promise<ObjectResource[]>;
  /** @param generation Only this one; default the live one. */
  stat(bucket: string, object: string, generation?: string): Promise<ObjectResource | undefined>;
  open(bucket: string, object: string, range?: ByteRange): Promise<Readable>;
  write(bucket: string, object: string, content: Readable | Buffer, contentType?: string): Promise<ObjectResource>;
  copy(from: ObjectPath, to: ObjectPath): Promise<ObjectResource>;
  /** Deletes an object; nothing happens if it is not there. */
  delete(bucket: string, object: string): Promise<void>;
}
