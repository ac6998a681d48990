import { parseMessage, type Shape } from "../payload.js";
import type { Checksums } from "./digest.js";
import type { ObjectSettings } from "./disk-store.js";
import { badRequest } from "./storage-error.js";

const settingFields = [
  "cacheControl",
  "contentDisposition",
  "contentEncoding",
  "contentLanguage",
  "contentType",
  "customTime",
  "storageClass",
] as const;

/** The fields of an object that the emulator knows (Cloud Storage's `Object` resource). */
const objectShape: Shape = {
  name: "string",
  bucket: "string",
  ...Object.fromEntries(settingFields.map((field) => [field, "string" as const])),
  metadata: { map: "string" },
  crc32c: "string",
  md5Hash: "string",
  // the emulator has no access control, so nothing depends on a list of who may do what
  acl: "stored",
  contexts: "unsupported",
  eventBasedHold: "unsupported",
  kmsKeyName: "unsupported",
  retention: "unsupported",
  temporaryHold: "unsupported",
  componentCount: "output",
  customerEncryption: "output",
  etag: "output",
  generation: "output",
  hardDeleteTime: "output",
  id: "output",
  kind: "output",
  mediaLink: "output",
  metageneration: "output",
  owner: "output",
  restoreToken: "output",
  retentionExpirationTime: "output",
  selfLink: "output",
  size: "output",
  softDeleteTime: "output",
  timeCreated: "output",
  timeDeleted: "output",
  timeFinalized: "output",
  timeStorageClassUpdated: "output",
  updated: "output",
};

/** What a caller may say about an object. */
export interface ObjectDescription {
  name?: string;
  settings: ObjectSettings;
  /** What the content should have. */
  checksums: Partial<Checksums>;
}

/** @throws GoogleError for fields that Cloud Storage, or the emulator, would not take. */
export function parseObject(body: unknown): ObjectDescription {
  const {
    name,
    crc32c,
    md5Hash,
    acl: _acl,
    bucket: _bucket,
    ...settings
  }: ObjectSettings & Partial<Checksums> & { name?: string; acl?: unknown; bucket?: string } = parseMessage(
    body,
    objectShape,
  );
  return {
    ...(name === undefined ? {} : { name }),
    settings,
    checksums: { ...(crc32c === undefined ? {} : { crc32c }), ...(md5Hash === undefined ? {} : { md5Hash }) },
  };
}

/** What a patch changes: `null` removes a setting, or one key of the custom metadata. */
export function parseObjectPatch(
  body: unknown,
  current: Record<string, string> | undefined,
): Partial<Record<keyof ObjectSettings, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw badRequest("The body is not an object.");
  const patch = body as Record<string, unknown>;
  const custom = patch["metadata"];
  const kept = { ...patch };
  const changes: Partial<Record<keyof ObjectSettings, unknown>> = {};
  if (typeof custom === "object" && custom !== null && !Array.isArray(custom)) {
    const merged = Object.entries({ ...current, ...custom }).filter(([, value]) => value !== null);
    kept["metadata"] = Object.fromEntries(merged);
  }
  Object.assign(changes, parseObject(kept).settings);
  for (const field of [...settingFields, "metadata"] as const) {
    if (patch[field] === null) changes[field] = undefined;
  }
  return changes;
}
