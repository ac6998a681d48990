import { parseMessage, type Shape } from "../payload.js";
import { projectNumber } from "../project-number.js";
import type { BucketResource } from "./object-store.js";
import { badRequest } from "./storage-error.js";

const storageClasses = [
  "STANDARD",
  "NEARLINE",
  "COLDLINE",
  "ARCHIVE",
  "MULTI_REGIONAL",
  "REGIONAL",
  "DURABLE_REDUCED_AVAILABILITY",
];

/** The settings of a bucket that the emulator knows (Cloud Storage's `Bucket` resource). */
const bucketShape: Shape = {
  name: "string",
  location: "string",
  storageClass: { enum: storageClasses, type: "google.storage.v1.Bucket.StorageClass" },
  labels: { map: "string" },
  versioning: { message: { enabled: "boolean" } },
  iamConfiguration: "stored",
  softDeletePolicy: "stored",
  lifecycle: "stored",
  cors: "stored",
  website: "stored",
  billing: "stored",
  rpo: "stored",
  acl: "stored",
  defaultObjectAcl: "stored",
  autoclass: "unsupported",
  customPlacementConfig: "unsupported",
  defaultEventBasedHold: "unsupported",
  encryption: "unsupported",
  hierarchicalNamespace: "unsupported",
  ipFilter: "unsupported",
  logging: "unsupported",
  objectRetention: "unsupported",
  retentionPolicy: "unsupported",
  etag: "output",
  generation: "output",
  hardDeleteTime: "output",
  id: "output",
  kind: "output",
  locationType: "output",
  metageneration: "output",
  owner: "output",
  projectNumber: "output",
  satisfiesPZI: "output",
  satisfiesPZS: "output",
  selfLink: "output",
  softDeleteTime: "output",
  timeCreated: "output",
  updated: "output",
};

/** What a caller may say about a bucket. */
export interface BucketSettings {
  name?: string;
  location?: string;
  storageClass?: string;
  versioning?: { enabled?: boolean };
  [setting: string]: unknown;
}

/** @throws StorageError or GoogleError for what Cloud Storage, or the emulator, would not take. */
export function parseBucket(body: unknown): BucketSettings {
  const settings: BucketSettings = parseMessage(body, bucketShape);
  // older generations would have to be kept, and they are not
  if (settings.versioning?.enabled) parseMessage({ versioning: {} }, { versioning: "unsupported" });
  return settings;
}

/** A new bucket of a project. @throws StorageError 400 for a name or location that Cloud Storage does not take. */
export function newBucket(settings: BucketSettings, project: string): BucketResource {
  const { name = "", location = "US", ...others } = settings;
  requireBucketName(name);
  const now = new Date().toISOString();
  return {
    kind: "storage#bucket",
    id: name,
    name,
    projectNumber: projectNumber(project),
    location: location.toUpperCase(),
    locationType: locationType(location.toUpperCase()),
    storageClass: "STANDARD",
    timeCreated: now,
    updated: now,
    metageneration: "1",
    etag: etag(1),
    iamConfiguration: { publicAccessPrevention: "inherited", uniformBucketLevelAccess: { enabled: false } },
    ...others,
  };
}

/** A bucket with changed settings; `null` removes one. */
export function patchBucket(bucket: BucketResource, body: unknown): BucketResource {
  const changes = parseBucket(body);
  if (changes.name !== undefined && changes.name !== bucket.name) throw badRequest("A bucket cannot be renamed.");
  if (changes.location !== undefined && changes.location.toUpperCase() !== bucket.location) {
    throw badRequest("The location of a bucket cannot be changed.");
  }
  const { name: _name, location: _location, ...settings } = changes;
  const metageneration = Number(bucket.metageneration) + 1;
  const patched: BucketResource = {
    ...bucket,
    ...settings,
    metageneration: String(metageneration),
    updated: new Date().toISOString(),
    etag: etag(metageneration),
  };
  for (const [field, value] of Object.entries(body as object)) {
    if (value === null) delete patched[field];
  }
  return patched;
}

/** "Bucket naming guidelines"; what passes is also safe as the name of a directory. */
function requireBucketName(name: string): void {
  const parts = name.split(".");
  const legal =
    /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name) &&
    parts.every((part) => part.length > 0 && part.length <= 63) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !name.startsWith("goog") &&
    !name.includes("google");
  if (!legal) throw badRequest(`Invalid bucket name: '${name}'`);
}

/** "Bucket locations". */
function locationType(location: string): string {
  if (["US", "EU", "ASIA"].includes(location)) return "multi-region";
  if (/^(NAM|EUR|ASIA)\d+$/.test(location)) return "dual-region";
  if (/^[A-Z]+-[A-Z]+\d+$/.test(location)) return "region";
  throw badRequest("The specified location constraint is not valid.");
}

function etag(metageneration: number): string {
  return Buffer.from(String(metageneration)).toString("base64");
}
