import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

import type { CreateWriteStreamOptions, File, FileMetadata } from "@google-cloud/storage";

import { DeploymentError } from "../core/errors.js";
import type { UploadFile } from "../core/services.js";
import { untilCancelled } from "./cancellation.js";
import { httpStatus } from "./errors.js";
import type { FileProgress } from "./transfer-progress.js";
import { verifiedBytes } from "./verified-file.js";

/** Up to here a file goes in one request, from memory. Bytes. */
const largestSimpleUpload = 8 * 2 ** 20;

/** How much of a larger file is kept in memory until Cloud Storage has it, so that a lost request is repeated. Bytes. */
const chunkSize = 8 * 2 ** 20;

export interface ObjectUpload {
  /** The object is written over this generation of it; 0 when there must be none. */
  generation: string | 0;
  progress: FileProgress;
  signal: AbortSignal;
}

/**
 * Sends one file, and gives the generation of the object that it became.
 *
 * Cloud Storage gets the CRC32C with the object's metadata, and takes only bytes that have it. The client's own
 * validation is off: it deletes an object that fails, whoever wrote it.
 */
export async function uploadObject(object: File, file: UploadFile, upload: ObjectUpload): Promise<string> {
  const stored = await send(object, file, upload).catch(async (error: unknown) => {
    const landed = mayHaveLanded(error) ? await sameObject(object, file) : null;
    if (!landed) throw error;
    return landed;
  });
  if (!isSame(stored, file)) {
    throw new DeploymentError(
      "TEMPORARILY_UNAVAILABLE",
      `gs://${object.bucket.name}/${object.name} has the checksum ${stored.crc32c} where "${file.path}" has ${file.crc32c}: ` +
        "it was damaged on its way. Run it again; only what differs is sent.",
    );
  }
  return String(stored.generation);
}

/** Whether an object holds exactly the bytes of a file, by size and checksum. */
export function isSame(object: FileMetadata, file: UploadFile): boolean {
  return object.crc32c === file.crc32c && Number(object.size) === file.size;
}

async function send(object: File, file: UploadFile, upload: ObjectUpload): Promise<FileMetadata> {
  const options: CreateWriteStreamOptions = {
    metadata: { crc32c: file.crc32c },
    preconditionOpts: { ifGenerationMatch: upload.generation },
    validation: false,
  };
  if (file.size <= largestSimpleUpload) {
    const content = await buffer(verifiedBytes(file));
    const save = () => object.save(content, { ...options, resumable: false });
    await untilCancelled(save, upload.signal, `Uploading ${file.path}`);
  } else {
    const sink = object.createWriteStream({ ...options, resumable: true, chunkSize });
    sink.on("progress", ({ bytesWritten }: { bytesWritten: number }) => upload.progress.sent(bytesWritten));
    await pipeline(verifiedBytes(file), sink, { signal: upload.signal });
  }
  return object.metadata;
}

/** No answer, a server's error, or a precondition that may have failed because an earlier try had succeeded. */
function mayHaveLanded(error: unknown): boolean {
  if (DeploymentError.is(error)) return false;
  if (error instanceof Error && error.name === "AbortError") return false;
  const status = httpStatus(error);
  return status === undefined || status === 412 || status >= 500;
}

/** The object as it is now, if it holds the file's bytes. */
async function sameObject(object: File, file: UploadFile): Promise<FileMetadata | null> {
  try {
    const [metadata] = await object.getMetadata();
    return isSame(metadata, file) ? metadata : null;
  } catch {
    return null; // the upload's own error says more
  }
}
