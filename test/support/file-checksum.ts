import { createReadStream } from "node:fs";

import { NativeCrc32c } from "../../src/storage/checksums.js";

/** The CRC32C of a file, as Cloud Storage writes it. The file is read in constant memory. */
export async function crc32cOf(path: string, signal?: AbortSignal): Promise<string> {
  const checksum = new NativeCrc32c();
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, signal })) {
    checksum.update(chunk as Buffer);
  }
  return checksum.toString();
}
