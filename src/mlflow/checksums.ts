import { createHash } from "node:crypto";

import { crc32c } from "@node-rs/crc32";

import { encodeCrc32c } from "../core/hash.js";

/** Size and checksums of bytes as they go by. */
export class Checksums {
  #bytes = 0;
  #crc = 0;
  readonly #sha256 = createHash("sha256");

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#crc = crc32c(chunk, this.#crc);
    this.#sha256.update(chunk);
  }

  /** Of all bytes so far; nothing can be added after it. */
  finish(): { size: number; sha256: string; crc32c: string } {
    return { size: this.#bytes, sha256: this.#sha256.digest("hex"), crc32c: encodeCrc32c(this.#crc) };
  }
}
