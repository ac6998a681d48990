import { badRequest } from "./storage-error.js";

/** Bytes. What comes in a request that is not the last ends at a multiple of this, and so does what is kept of one that breaks. */
const chunkUnit = 256 * 1024;

/** What a request of a resumable upload has of the object. */
export interface ContentRange {
  /** Absent in a question about the state. */
  start?: number;
  /** The last byte. Absent when everything from `start` on is in this request, however much it is. */
  end?: number;
  /** The size of the whole object, if the sender knows it. */
  total?: number;
}

/**
 * `bytes 0-262143/*`, `bytes 0-*\/*` (which Node's client sends), `bytes *\/N`, or none for all at once.
 *
 * @throws StorageError 400 for a header that is none, or contradicts itself.
 */
export function parseContentRange(header: string | string[] | undefined): ContentRange {
  if (header === undefined) return { start: 0 };
  const match = /^bytes (?:\*|(\d{1,15})-(\d{1,15}|\*))\/(\d{1,15}|\*)$/.exec(String(header));
  if (!match) throw badRequest(`Failed to parse Content-Range header: ${String(header)}`);
  const [, first, last, size] = match;
  const range: ContentRange = {
    ...(first !== undefined && { start: Number(first) }),
    ...(last !== undefined && last !== "*" && { end: Number(last) }),
    ...(size !== "*" && { total: Number(size) }),
  };
  const { start = 0, end = start, total = Infinity } = range;
  // an empty object has no last byte, and is sent as `bytes 0-*`
  const isEmpty = range.end === undefined && start === total;
  if (end < start || (end >= total && range.start !== undefined && !isEmpty)) {
    throw badRequest(`Failed to parse Content-Range header: ${String(header)}`);
  }
  return range;
}

/** How many bytes a request has by its range, if that says it. */
export function rangeLength({ start = 0, end, total }: ContentRange): number | undefined {
  if (end !== undefined) return end - start + 1;
  return total === undefined ? undefined : total - start;
}

/**
 * The rule on requests that are not the last: the service takes no less than 256 KiB, and its documents ask for multiples.
 *
 * @throws StorageError 400.
 */
export function requireWholeUnits(range: ContentRange): void {
  const { end, total } = range;
  if (end === undefined || end + 1 === total || (end + 1) % chunkUnit === 0) return;
  throw badRequest(
    `Invalid request.  The number of bytes uploaded is required to be equal or greater than ${chunkUnit}, except for the ` +
      `final request (it's recommended to be the exact multiple of ${chunkUnit}).  The received request contained ` +
      `${rangeLength(range)} bytes, which does not meet this requirement.`,
  );
}

/** @throws StorageError 400 when a request has more or fewer bytes than its range says. */
export function requireLength(bytes: number, { start = 0, ...range }: ContentRange): void {
  const length = rangeLength({ start, ...range });
  if (length === undefined || bytes === length) return;
  throw badRequest(
    `Invalid request.  There were ${bytes} byte(s) in the request body.  There should have been ${length} byte(s) ` +
      `(starting at offset ${start} and ending at offset ${start + length - 1}) according to the Content-Range header.`,
  );
}

/** How much of so many bytes is kept. */
export function wholeUnits(bytes: number): number {
  return bytes - (bytes % chunkUnit);
}
