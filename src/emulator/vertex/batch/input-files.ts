import { invalidArgument, notFound } from "../../google-error.js";
import { parseGsUri } from "../../cloud-storage/gs-uri.js";
import type { ObjectPath, ObjectStore } from "../../cloud-storage/object-store.js";

/** Characters that make a name a pattern ("URI wildcards" of Cloud Storage). */
const wildcard = /[*?[]/;

/**
 * The objects that URIs name, each once: in the order of the URIs, and by name where one has wildcards.
 *
 * @param uris `gs://BUCKET/OBJECT`, with `*`, `**`, `?` and `[…]` in the object's part.
 * @throws GoogleError NOT_FOUND for a bucket that is missing or a URI that names no object, INVALID_ARGUMENT for a set of
 * characters that is none, such as `[z-a]`.
 */
export async function inputFiles(objects: ObjectStore, uris: readonly string[]): Promise<ObjectPath[]> {
  const found = new Map<string, ObjectPath>();
  for (const uri of uris) {
    const { bucket, object: pattern } = parseGsUri(uri)!;
    if (!(await objects.getBucket(bucket))) throw notFound(`The Cloud Storage bucket gs://${bucket} does not exist.`);
    const names = await matching(objects, bucket, pattern);
    if (names.length === 0) throw notFound(`The Cloud Storage URI ${uri} does not match any object.`);
    for (const object of names) found.set(`${bucket}/${object}`, { bucket, object });
  }
  return [...found.values()];
}

async function matching(objects: ObjectStore, bucket: string, pattern: string): Promise<string[]> {
  const start = pattern.search(wildcard);
  if (start === -1) return (await objects.stat(bucket, pattern)) ? [pattern] : [];
  const regExp = globPattern(pattern);
  const listed = await objects.list(bucket, pattern.slice(0, start));
  return listed.map(({ name }) => name).filter((name) => regExp.test(name));
}

/** `*` stays within a directory, `**` does not; a `[` that nothing closes is itself. */
function globPattern(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|\*|\?|\[!?[^\]]+\]|[\\^$.*+?()[\]{}|/]/g, (part) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    const set = /^\[(?<not>!?)(?<characters>[^\]]+)\]$/.exec(part)?.groups;
    if (!set) return `\\${part}`;
    return `[${set["not"] ? "^" : ""}${set["characters"]!.replace(/[\\^[]/g, "\\$&")}]`;
  });
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    throw invalidArgument(`The wildcards of "${pattern}" cannot be read.`);
  }
}
