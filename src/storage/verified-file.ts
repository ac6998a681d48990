import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { UploadFile } from "../core/services.js";
import { NativeCrc32c } from "./checksums.js";

/**
 * The bytes of a file, as long as they are those that its size and CRC32C say. The last part comes only after the check, so an
 * upload of a file that changed is never finished.
 *
 * @param file - Gets the size and the CRC32C of what was read, where they were not known.
 * @throws DeploymentError `FAILED_PRECONDITION` when the file changed or cannot be read; that of `file.open`.
 */
export async function* verifiedBytes(file: UploadFile, context: StepContext): AsyncGenerator<Uint8Array> {
  const checksum = new NativeCrc32c();
  let size = 0;
  let last: Uint8Array | undefined;
  for await (const chunk of bytesOf(file, context)) {
    checksum.update(chunk);
    size += chunk.length;
    if (last) yield last;
    last = chunk;
  }
  const isOther =
    (file.size !== null && size !== file.size) || (file.crc32c !== null && !checksum.validate(file.crc32c));
  if (isOther) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `"${file.path}" changed while it was deployed: it is no longer the ${file.size} bytes that were found before. ` +
        "Run it again when nothing writes to the model.",
    );
  }
  file.size ??= size;
  file.crc32c ??= checksum.toString();
  if (last) yield last;
}

async function* bytesOf(file: UploadFile, context: StepContext): AsyncGenerator<Uint8Array> {
  try {
    yield* await file.open(context);
  } catch (error) {
    if (DeploymentError.is(error) || context.signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("FAILED_PRECONDITION", `The file to upload cannot be read: ${reason}.`, { cause: error });
  }
}
