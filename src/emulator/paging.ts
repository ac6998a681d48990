import { invalidArgument } from "./google-error.js";

/**
 * One page of a list (AIP-158).
 *
 * @param sizes How many items a page holds when the caller does not say, and at most.
 * @throws GoogleError INVALID_ARGUMENT for a size or token that is not one.
 */
export function pageOf<T>(
  items: readonly T[],
  request: { pageSize?: string | number | null; pageToken?: string | null },
  sizes: { default: number; max: number },
): { items: T[]; nextPageToken?: string } {
  const size = Number(request.pageSize ?? 0);
  if (!Number.isInteger(size) || size < 0) throw invalidArgument(`Invalid page size: ${request.pageSize}`);
  const start = decodeToken(request.pageToken);
  const end = start + Math.min(size || sizes.default, sizes.max);
  const page = items.slice(start, end);
  return end < items.length ? { items: page, nextPageToken: encodeToken(end) } : { items: page };
}

function encodeToken(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString("base64url");
}

function decodeToken(token: string | null | undefined): number {
  if (!token) return 0;
  const match = /^offset:(\d+)$/.exec(Buffer.from(token, "base64url").toString());
  if (!match) throw invalidArgument("The page token is not valid.");
  return Number(match[1]);
}
