import { badRequest, notEmulated } from "./storage-error.js";

/** One page of a listing. */
export interface ListingPage {
  names: string[];
  /** What names have in common up to the delimiter, in place of those names. */
  prefixes: string[];
  nextPageToken?: string;
}

const maxPageSize = 1000;

/**
 * One page of the names in a bucket, by the parameters of `objects.list`.
 *
 * @param sorted All the bucket's names, sorted.
 */
export function listPage(sorted: readonly string[], query: URLSearchParams): ListingPage {
  for (const parameter of ["matchGlob", "filter", "softDeleted", "includeFoldersAsPrefixes"]) {
    if (query.has(parameter)) throw notEmulated(`objects.list with ${parameter}`);
  }
  const limit = pageSize(query);
  const after = decodeToken(query.get("pageToken"));
  const page: ListingPage = { names: [], prefixes: [] };
  let last: string | undefined;
  for (const entry of entries(sorted, query)) {
    if (after !== undefined && entry.key <= after) continue;
    if (page.names.length + page.prefixes.length === limit) {
      return { ...page, nextPageToken: Buffer.from(last!).toString("base64url") };
    }
    last = entry.key;
    if (entry.isName) page.names.push(entry.key);
    if (entry.isPrefix) page.prefixes.push(entry.key);
  }
  return page;
}

/** A page as `objects.list` answers it, which leaves out what is empty. */
export function pageToWire(
  { names, prefixes, nextPageToken }: ListingPage,
  objectOf: (name: string) => object,
): object {
  return {
    kind: "storage#objects",
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    ...(prefixes.length > 0 ? { prefixes } : {}),
    ...(names.length > 0 ? { items: names.map((name) => objectOf(name)) } : {}),
  };
}

function* entries(
  sorted: readonly string[],
  query: URLSearchParams,
): Generator<{ key: string; isName: boolean; isPrefix: boolean }> {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const start = query.get("startOffset");
  const end = query.get("endOffset");
  const trailing = query.get("includeTrailingDelimiter") === "true";
  let folder: string | undefined;
  for (const name of sorted) {
    if (!name.startsWith(prefix)) continue;
    if ((start !== null && name < start) || (end !== null && name >= end)) continue;
    const cut = delimiter ? name.indexOf(delimiter, prefix.length) : -1;
    if (cut === -1) {
      yield { key: name, isName: true, isPrefix: false };
      continue;
    }
    const key = name.slice(0, cut + delimiter.length);
    if (key === folder) continue;
    folder = key;
    yield { key, isName: trailing && key === name, isPrefix: true };
  }
}

function pageSize(query: URLSearchParams): number {
  const text = query.get("maxResults");
  if (text === null) return maxPageSize;
  const size = Number(text);
  if (!Number.isInteger(size) || size < 0) throw badRequest(`Invalid value for maxResults: ${text}`);
  return size === 0 ? maxPageSize : Math.min(size, maxPageSize);
}

function decodeToken(token: string | null): string | undefined {
  return token ? Buffer.from(token, "base64url").toString() : undefined;
}
