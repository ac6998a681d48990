import { buffer } from "node:stream/consumers";

import { describe, expect, it } from "vitest";

import { readMultipart } from "../../src/emulator/cloud-storage/multipart.js";

const boundary = "edge";
const head = `--${boundary}\r\nContent-Type: application/json\r\n\r\n{"name":"n"}\r\n--${boundary}\r\nContent-Type: x/y\r\n\r\n`;
const tail = `\r\n--${boundary}--\r\n`;

async function* inChunks(body: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const cut of [...cuts, body.length]) {
    if (cut > start) yield body.subarray(start, cut);
    start = cut;
  }
}

async function read(content: Buffer, cuts: (length: number) => readonly number[]): Promise<Buffer> {
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from(tail)]);
  const upload = await readMultipart(`multipart/related; boundary=${boundary}`, inChunks(body, cuts(body.length)));
  expect(upload).toMatchObject({ metadata: { name: "n" }, contentType: "x/y" });
  return buffer(upload.content);
}

describe("the content of a multipart upload", () => {
  // all of these look like its end for a while
  const contents = [
    "",
    "\r",
    "\r\n",
    "\r\n--",
    "\r\n--edg",
    "\r\r\n--ed\r\n--edg\r",
    "-".repeat(40),
    "a\r\n--edgb\r\n-c".repeat(9),
  ];

  it.each(contents)("is the same wherever it is cut: %j", async (text) => {
    const content = Buffer.from(text);
    const length = head.length + content.length + tail.length;
    for (let cut = 0; cut <= length; cut++) expect((await read(content, () => [cut])).toString()).toBe(text);
    for (let step = 1; step <= 12; step++) {
      const found = await read(content, (end) =>
        Array.from({ length: Math.floor(end / step) }, (_, n) => (n + 1) * step),
      );
      expect(found.toString()).toBe(text);
    }
  });

  it("that ends before its boundary is refused", async () => {
    const body = Buffer.from(`${head}content\r\n--edg`);
    for (let cut = head.length; cut < body.length; cut++) {
      const upload = await readMultipart(`multipart/related; boundary=${boundary}`, inChunks(body, [cut]));
      await expect(buffer(upload.content)).rejects.toThrow("ends before its closing boundary");
    }
  });
});
