import { createReadStream } from "node:fs";

import { DeploymentError } from "../core/errors.js";
import type { UploadFile } from "../core/services.js";
import { NativeCrc32c } from "./checksums.js";

/**
 * The bytes of a file, as long as they are those that its size and CRC32C were taken of. The last part comes only after
 * the check, so an upload of a file that changed is never finished.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when the file changed or cannot be read.
 */
export async function* verifiedBytes(file: UploadFile): AsyncGenerator<Buffer> {
  const checksum = new NativeCrc32c();
  let size = 0;
  let last: Buffer | undefined;
  for await (const chunk of readFile(file.localPath)) {
    checksum.update(chunk);
    size += chunk.length;
    if (last) yield last;
    last = chunk;
  }
  if (size !== file.size || !checksum.validate(file.crc32c)) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `"${file.path}" changed while it was deployed: ${file.localPath} is no longer the ${file.size} bytes that were read before. ` +
        "Run it again when nothing writes to the model.",
    );
  }
  if (last) yield last;
}

async function* readFile(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("FAILED_PRECONDITION", `The file to upload cannot be read: ${reason}.`, { cause: error });
  }
}
