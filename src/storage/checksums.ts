import { createReadStream } from "node:fs";

import { crc32c } from "@node-rs/crc32";

/** The form that Cloud Storage writes a CRC32C in: base64 of its four bytes, the highest first. */
export function encodeCrc32c(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum >>> 0);
  return bytes.toString("base64");
}

/** The CRC32C of a file, as Cloud Storage writes it. The file is read in constant memory. */
export async function crc32cOf(path: string, signal?: AbortSignal): Promise<string> {
  const checksum = new NativeCrc32c();
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, signal })) {
    checksum.update(chunk as Buffer);
  }
  return checksum.toString();
}

/**
 * A CRC32C over bytes that come bit by bit. It has the shape of the `crc32cGenerator` option of `@google-cloud/storage`,
 * whose own implementation in JavaScript takes longer than the transfer that it checks.
 */
export class NativeCrc32c {
  #checksum = 0;

  update(bytes: Uint8Array): void {
    this.#checksum = crc32c(bytes, this.#checksum);
  }

  validate(expected: string): boolean {
    return this.toString() === expected;
  }

  /** Base64 of the big-endian checksum so far. */
  toString(): string {
    return encodeCrc32c(this.#checksum);
  }
}
