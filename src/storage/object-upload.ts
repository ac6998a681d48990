import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

import type { CreateWriteStreamOptions, File, FileMetadata } from "@google-cloud/storage";

import { DeploymentError } from "../core/errors.js";
import type { StoredObject } from "../core/model.js";
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

/** Times that a file's bytes are asked for, where their store fails on the way. */
const attempts = 3;

/**
 * Sends one file, and gives the generation of the object that it became.
 *
 * Where the CRC32C is known, Cloud Storage gets it with the object's metadata, and takes only bytes that have it. Else it is taken
 * of the bytes on their way, and an object of others is removed, which would count as the file later. The client's own validation
 * is off: it deletes an object that fails, whoever wrote it.
 */
export async function uploadObject(object: File, file: UploadFile, upload: ObjectUpload): Promise<string> {
  if (file.object) return copyObject(file.object, object, file, upload);
  const { stored, sent } = await sendRepeatedly(object, file, upload);
  if (!isSame(stored, sent)) {
    if (file.crc32c === null) await object.delete({ ifGenerationMatch: stored.generation ?? 0 }).catch(() => {}); // what follows says more
    throw new DeploymentError(
      "TEMPORARILY_UNAVAILABLE",
      `gs://${object.bucket.name}/${object.name} has the checksum ${stored.crc32c} where "${file.path}" has ${sent.crc32c}: ` +
        "it was damaged on its way. Run it again; only what differs is sent.",
    );
  }
  return String(stored.generation);
}

/** What a file became, and the file with the checksum of what was read. */
interface Sent {
  stored: FileMetadata;
  sent: UploadFile;
}

async function sendRepeatedly(object: File, file: UploadFile, upload: ObjectUpload): Promise<Sent> {
  for (let attempt = 1; ; attempt++) {
    const sent: UploadFile = { ...file };
    try {
      return { stored: await send(object, sent, upload), sent };
    } catch (error) {
      const landed = sent.crc32c !== null && mayHaveLanded(error) ? await sameObject(object, sent) : null;
      if (landed) return { stored: landed, sent };
      const isPassing = DeploymentError.is(error) && error.retryable;
      if (!isPassing || attempt === attempts || upload.signal.aborted) throw error;
    }
  }
}

/** Whether an object is a file, by size and checksum; by its size alone where the checksum is not known. */
export function isSame(object: FileMetadata, { size, crc32c }: UploadFile): boolean {
  return (crc32c === null || object.crc32c === crc32c) && size !== null && Number(object.size) === size;
}

/** Has Cloud Storage copy an object, in any number of steps, and looks at what came of it. */
async function copyObject(
  from: StoredObject,
  object: File,
  file: UploadFile,
  { generation, signal, progress }: ObjectUpload,
): Promise<string> {
  const preconditionOpts = { ifGenerationMatch: generation };
  // the file has it, too: at its second step the library forgets the call's, and would have the whole client retry nothing
  const source = object.storage.bucket(from.bucket).file(from.name, { generation: from.generation, preconditionOpts });
  const copy = () => source.copy(object, { preconditionOpts });
  await untilCancelled(copy, signal, `Copying gs://${from.bucket}/${from.name}`).catch(async (error: unknown) => {
    if (!mayHaveLanded(error) || !(await sameObject(object, file))) throw error;
  });
  const [metadata] = await object.getMetadata();
  if (!isSame(metadata, file)) {
    throw new DeploymentError(
      "RESOURCE_CONFLICT",
      `gs://${object.bucket.name}/${object.name} is not the copy of gs://${from.bucket}/${from.name} that was made of it. Run it again.`,
    );
  }
  progress.sent(Number(metadata.size));
  return String(metadata.generation);
}

/** @param file - Gets the CRC32C of what was read. */
async function send(object: File, file: UploadFile, upload: ObjectUpload): Promise<FileMetadata> {
  const options: CreateWriteStreamOptions = {
    metadata: file.crc32c === null ? {} : { crc32c: file.crc32c },
    preconditionOpts: { ifGenerationMatch: upload.generation },
    validation: false,
  };
  const bytes = verifiedBytes(file, { report: () => {}, signal: upload.signal });
  if (file.size !== null && file.size <= largestSimpleUpload) {
    const content = await buffer(bytes);
    const metadata = { crc32c: file.crc32c };
    const save = () => object.save(content, { ...options, metadata, resumable: false });
    await untilCancelled(save, upload.signal, `Uploading ${file.path}`);
  } else {
    const sink = object.createWriteStream({ ...options, resumable: true, chunkSize });
    sink.on("progress", ({ bytesWritten }: { bytesWritten: number }) => upload.progress.sent(bytesWritten));
    await pipeline(bytes, sink, { signal: upload.signal });
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
