import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import type { UploadFile } from "../core/services.js";
import { Attempts } from "./attempts.js";
import { CheckedSource } from "./checked-source.js";
import { isDamage, withoutRequest } from "./errors.js";
import { type Known, landedObject, mayHaveLanded, removeWrong } from "./landed-object.js";
import { copyObject } from "./object-copy.js";
import { isSame, type ObjectResource } from "./object-resource.js";
import { blindPart, ResumableUpload } from "./resumable-upload.js";
import type { UploadTarget } from "./upload-target.js";
import { uploadWhole } from "./whole-upload.js";

/** Up to here a file goes in one request, from memory. Bytes. */
const largestWholeUpload = 8 * 2 ** 20;

/** What a large file has in memory on its way: what two connections hold. Bytes. */
const streamedMemory = 4 * 2 ** 20;

/** About how much memory a file takes while it is sent. Bytes. */
export function memoryOf({ size, object }: UploadFile): number {
  if (object) return 0;
  if (size === null) return 2 * blindPart;
  return size > largestWholeUpload ? streamedMemory : size;
}

/**
 * Makes an object of one file, and gives its generation. Cloud Storage gets the CRC32C, and takes only bytes that have it.
 *
 * @throws DeploymentError `TEMPORARILY_UNAVAILABLE` when they were damaged on their way; what the file fails with; or an error of
 * Cloud Storage.
 */
export async function uploadObject(file: UploadFile, target: UploadTarget): Promise<string> {
  const doing = `Uploading ${file.path}`;
  const attempts = new Attempts(target.retryOptions, target.signal, doing);
  const known: Known = { size: file.size, crc32c: file.crc32c };
  let stored: ObjectResource;
  try {
    stored = await send(file, target, attempts, known);
  } catch (error) {
    const landed = mayHaveLanded(error) ? await landedObject(file, target, attempts, known) : null;
    if (landed) return landed.generation;
    throwIfCancelled(target.signal, doing);
    throw isDamage(error) ? damaged(target, file, withoutRequest(error)) : error;
  }
  if (isSame(stored, known)) return stored.generation;
  // it would count as the file the next time; a server that heeds checksums has made none
  await removeWrong(target, stored.generation);
  throw damaged(target, file);
}

/** @param known - Gets what is found of the bytes. */
async function send(file: UploadFile, target: UploadTarget, attempts: Attempts, known: Known): Promise<ObjectResource> {
  if (file.object) return copyObject(file.object, target, attempts);
  const whole = ({ position, crc32c }: Pick<CheckedSource, "position" | "crc32c">) => {
    Object.assign(known, { size: position, crc32c });
  };
  if (file.size === null || file.size <= largestWholeUpload) {
    const content = await read(file, target.signal, attempts, whole);
    if (content && known.crc32c !== null) return uploadWhole(target, attempts, content, known.crc32c);
  }
  const upload = new ResumableUpload(target, attempts, file, (source) => {
    whole({ position: source.position, crc32c: source.crc32c });
  });
  return upload.run();
}

/** A small file; null for one that turns out to be large. */
async function read(
  file: UploadFile,
  signal: AbortSignal,
  attempts: Attempts,
  whole: (source: CheckedSource) => void,
): Promise<Buffer | null> {
  for (;;) {
    let source: CheckedSource | undefined;
    try {
      source = await CheckedSource.open(file, { report: () => {}, signal });
      const content = await source.take(file.size ?? blindPart);
      if (file.size === null && !(await source.isAtEnd())) return null;
      await source.requireWhole();
      whole(source);
      return content;
    } catch (error) {
      await attempts.after(error);
    } finally {
      source?.close();
    }
  }
}

function damaged({ bucket, name }: UploadTarget, { path }: UploadFile, cause?: Error): DeploymentError {
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `gs://${bucket}/${name} came with another checksum than "${path}" has: it was damaged on its way. ` +
      "Run it again; only what differs is sent.",
    { cause },
  );
}
