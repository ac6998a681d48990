import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";

import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import type { ByteRange, ObjectResource } from "./object-store.js";
import { StorageError } from "./storage-error.js";

/**
 * Answers `alt=media`, with `Range`, and with gzip undone for a client that does not take it ("Transcoding of
 * gzip-compressed files").
 */
export async function download(
  request: EmulatorRequest,
  object: ObjectResource,
  open: (range?: ByteRange) => Readable | Promise<Readable>,
): Promise<EmulatorResponse> {
  const headers = contentHeaders(object);
  if (object.contentEncoding === "gzip") {
    const keepsGzip = request.headers["accept-encoding"]?.includes("gzip") ?? false;
    if (!keepsGzip && !object.cacheControl?.includes("no-transform")) {
      // a failure is heard where the plain bytes are read
      const plain = pipeline(await open(), createGunzip(), () => {});
      return { headers: { ...headers, warning: "214 UploadServer gunzipped" }, body: plain };
    }
    headers["content-encoding"] = "gzip";
  }
  const size = Number(object.size);
  const range = parseRange(request.headers.range, size);
  if (!range) return { headers: { ...headers, "content-length": String(size) }, body: await open() };
  return {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(range.end - range.start + 1),
      "content-range": `bytes ${range.start}-${range.end}/${size}`,
    },
    body: await open(range),
  };
}

function contentHeaders(object: ObjectResource): Record<string, string> {
  const hashes = [];
  if (object.crc32c) hashes.push(`crc32c=${object.crc32c}`);
  if (object.md5Hash) hashes.push(`md5=${object.md5Hash}`);
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "content-type": object.contentType ?? "application/octet-stream",
    etag: object.etag,
    "last-modified": new Date(object.updated).toUTCString(),
    "x-goog-generation": object.generation,
    "x-goog-hash": hashes.join(","),
    "x-goog-metageneration": object.metageneration,
    "x-goog-storage-class": object.storageClass,
    "x-goog-stored-content-encoding": object.contentEncoding ?? "identity",
    "x-goog-stored-content-length": object.size,
  };
  if (object.cacheControl) headers["cache-control"] = object.cacheControl;
  if (object.contentDisposition) headers["content-disposition"] = object.contentDisposition;
  if (object.contentLanguage) headers["content-language"] = object.contentLanguage;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]));
}

/** What a writer may have set to any text, as a header holds it: the bytes of UTF-8, and nothing that ends a line. */
function headerText(text: string): string {
  const line = text.replace(/\p{Cc}/gu, " ");
  return Buffer.from(line).toString("latin1");
}

/** One range; several, or none that can be read, mean the whole object (RFC 9110). */
function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const range =
    first === ""
      ? { start: Math.max(0, size - Number(last)), end: size - 1 }
      : { start: Number(first), end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
  if (range.start >= size || range.end < range.start) {
    throw new StorageError(
      416,
      "OUT_OF_RANGE",
      "requestedRangeNotSatisfiable",
      "The requested range cannot be satisfied.",
    );
  }
  return range;
}
