import type { StoredObject } from "../model.js";
import type { StepContext } from "../progress.js";

/** 3: brings files into a bucket, and sends nothing that is there already. */
export interface Uploader {
  /**
   * Fails early when the bucket is missing, forbidden, or elsewhere than `location`.
   *
   * @throws DeploymentError that names the bucket, the caller, and the role or the region to choose.
   */
  checkBucket(bucket: string, location: string, context: StepContext): Promise<void>;
  /** Sends `files` to `gs://bucket/prefix/…`; each transfer is checked by CRC32C. */
  upload(request: UploadRequest, context: StepContext): Promise<UploadedObject[]>;
  /** Of `request.files`, those that `upload` would send. */
  missing(request: UploadRequest, context: StepContext): Promise<UploadFile[]>;
  /** The objects whose names begin with `prefix`, over all pages. */
  list(bucket: string, prefix: string, context: StepContext): Promise<ListedObject[]>;
  /**
   * Deletes that generation of an object; does nothing if there is no such object.
   *
   * @throws DeploymentError `RESOURCE_CONFLICT` when another generation has taken its place.
   */
  delete(bucket: string, object: Pick<ListedObject, "name" | "generation">, context: StepContext): Promise<void>;
}

/** An object as a listing shows it. */
export interface ListedObject {
  /** Its full name in the bucket. */
  name: string;
  generation: string;
  /** Bytes. */
  size: number;
  /** RFC 3339, of this generation; null where it is not known. */
  createTime: string | null;
}

/** What is to be uploaded, and where to. */
export interface UploadRequest {
  bucket: string;
  /** No slash at either end. */
  prefix: string;
  files: readonly UploadFile[];
}

/** A file, wherever its bytes are, with what the upload is checked by. An object that has the same size and CRC32C is the file. */
export interface UploadFile {
  /** Below the prefix, with `/`. */
  path: string;
  /** Bytes; null where it is not known. */
  size: number | null;
  /**
   * Base64 of the big-endian CRC32C. Null where it is not known before the bytes are read: an object of the same size then counts
   * as the file, since the prefix names the model.
   */
  crc32c: string | null;
  /** Its bytes from the first; called again to send it again. */
  open(context: StepContext): Promise<AsyncIterable<Uint8Array>>;
  /** The object that it is, where it is in Cloud Storage: that copies it itself. */
  object?: StoredObject;
}

/** An object in the bucket. */
export interface UploadedObject {
  /** The object's full name in the bucket. */
  name: string;
  generation: string;
  /** False when it was there with the same checksum. */
  sent: boolean;
}
