import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CRC32C } from "@google-cloud/storage";
import { describe, expect, it } from "vitest";

import { encodeCrc32c } from "../../src/core/hash.js";
import { NativeCrc32c } from "../../src/storage/checksums.js";
import { crc32cOf } from "../support/file-checksum.js";

describe("checksums", () => {
  it("write a CRC32C as Cloud Storage does, with its leading zeros", () => {
    // RFC 3720, B.4: 32 bytes of zeros
    const checksum = new NativeCrc32c();
    checksum.update(Buffer.alloc(32));
    expect(checksum.toString()).toBe(encodeCrc32c(0x8a9136aa));
    expect(encodeCrc32c(1)).toBe("AAAAAQ==");
  });

  it("do not depend on how the bytes are cut, and agree with Google's own implementation", () => {
    const checksum = new NativeCrc32c();
    const theirs = new CRC32C();
    for (const part of ["some ", "", "text\n"]) {
      checksum.update(Buffer.from(part));
      theirs.update(Buffer.from(part));
    }
    expect(checksum.toString()).toBe("DkjKuA==");
    expect(checksum.validate(theirs.toString())).toBe(true);
    expect(checksum.validate("AAAAAQ==")).toBe(false);
  });

  it("of a file larger than one read are those of its bytes", async () => {
    const directory = await mkdtemp(join(tmpdir(), "checksums-"));
    try {
      const content = Buffer.alloc(3_000_001, "abc");
      await writeFile(join(directory, "file"), content);
      const expected = new NativeCrc32c();
      expected.update(content);
      expect(await crc32cOf(join(directory, "file"))).toBe(expected.toString());
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
