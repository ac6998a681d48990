import type { ObjectPath } from "./object-store.js";

/**
 * The parts of `gs://BUCKET/OBJECT`, or undefined for any other text.
 *
 * @returns Of a bucket alone, the object `""`.
 */
export function parseGsUri(uri: string): ObjectPath | undefined {
  const groups = /^gs:\/\/(?<bucket>[^/]+)(?:\/(?<object>.*))?$/s.exec(uri)?.groups;
  return groups && { bucket: groups["bucket"]!, object: groups["object"] ?? "" };
}
