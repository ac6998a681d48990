import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

import { crc32c } from "@node-rs/crc32";

import { badRequest } from "./storage-error.js";

/** Checksums as Cloud Storage writes them: base64. */
export interface Checksums {
  crc32c: string;
  md5Hash: string;
}

/** Both checksums of an object's content, computed as it passes. */
export class ContentDigest {
  size = 0;
  #crc = 0;
  readonly #md5 = createHash("md5");

  update(chunk: Buffer): void {
    this.size += chunk.length;
    this.#crc = crc32c(chunk, this.#crc);
    this.#md5.update(chunk);
  }

  /** The checksums so far. */
  checksums(): Checksums {
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(this.#crc);
    return { crc32c: crc.toString("base64"), md5Hash: this.#md5.copy().digest("base64") };
  }

  /** The digest of the first `size` bytes of a file. @param size At least one. */
  static async ofFile(path: string, size: number): Promise<ContentDigest> {
    const digest = new ContentDigest();
    const content: AsyncIterable<Buffer> = createReadStream(path, { end: size - 1, highWaterMark: 1024 * 1024 });
    for await (const chunk of content) digest.update(chunk);
    return digest;
  }
}

/** The checksums that an `x-goog-hash` header names: `crc32c=…,md5=…`. */
export function parseHashHeader(header: string | string[] | undefined): Partial<Checksums> {
  const expected: Partial<Checksums> = {};
  for (const part of String(header ?? "").split(",")) {
    const [name, value] = part.trim().split(/=(.*)/s);
    if (name === "crc32c" && value) expected.crc32c = value;
    if (name === "md5" && value) expected.md5Hash = value;
  }
  return expected;
}

/** @throws StorageError 400 when the content is not what its sender meant to send. */
export function requireChecksums(expected: Partial<Checksums>, actual: Checksums): void {
  if (expected.crc32c !== undefined && expected.crc32c !== actual.crc32c) {
    throw badRequest(`Provided CRC32C "${expected.crc32c}" doesn't match calculated CRC32C "${actual.crc32c}".`);
  }
  if (expected.md5Hash !== undefined && expected.md5Hash !== actual.md5Hash) {
    throw badRequest(`Provided MD5 hash "${expected.md5Hash}" doesn't match calculated MD5 hash "${actual.md5Hash}".`);
  }
}
