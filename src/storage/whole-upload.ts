import { randomUUID } from "node:crypto";

import type { Attempts } from "./attempts.js";
import { answeredObject, type ObjectResource } from "./object-resource.js";
import { type UploadTarget, uploadPath } from "./upload-target.js";

/**
 * Sends an object in one request, from memory. Cloud Storage takes only bytes that have the checksum.
 *
 * @param crc32c - Of `content`.
 */
export async function uploadWhole(
  target: UploadTarget,
  attempts: Attempts,
  content: Buffer,
  crc32c: string,
): Promise<ObjectResource> {
  // no content has such a line but by a chance that is none
  const boundary = randomUUID();
  const start =
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify({ crc32c })}\r\n` +
    `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const parts = [Buffer.from(start), content, Buffer.from(`\r\n--${boundary}--`)];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const headers = { "content-type": `multipart/related; boundary=${boundary}`, "content-length": String(length) };
  // one write for what is small; what is not is not copied
  const body = length <= smallBody ? Buffer.concat(parts) : null;
  const request = { method: "POST", headers, signal: target.signal } as const;
  return attempts.run(async () =>
    answeredObject(
      await target.transport.upload(uploadPath(target, "multipart"), { ...request, body: body ?? inParts(parts) }),
    ),
  );
}

/** Bytes. */
const smallBody = 64 * 1024;

async function* inParts(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}
