import { createHash } from "node:crypto";

/** JSON with sorted keys and no `undefined`, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** SHA-256 of text or bytes, in hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A CRC32C in the form that Cloud Storage writes it: base64 of its four bytes, the highest first. */
export function encodeCrc32c(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum >>> 0);
  return bytes.toString("base64");
}

/** One file of a manifest. */
export interface ManifestEntry {
  path: string;
  /** Permission bits; 0o644 for all but executables. */
  mode: number;
  sha256: string;
}

/** The hash of a set of files: over path, mode and SHA-256 of each, whatever their order or the archive they are in. */
export function manifestHash(entries: readonly ManifestEntry[]): string {
  const lines = entries.map((entry) => canonicalJson([entry.path, entry.mode, entry.sha256])).toSorted();
  return sha256(lines.join("\n"));
}
