import { crc32c } from "@node-rs/crc32";

import { encodeCrc32c } from "../core/hash.js";

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
