import { failedPrecondition, invalidArgument } from "../google-error.js";
import type { ObjectStore } from "../cloud-storage/object-store.js";
import type { Location } from "./locations.js";

/** Where Cloud Storage's multi-regions are, by the beginning of a region's name. */
const multiRegions: Readonly<Record<string, string>> = { US: "us-", EU: "europe-", ASIA: "asia-" };

/**
 * A bucket that Vertex AI is to read or write has to be in the region of the resource, or in the multi-region around it.
 *
 * @throws GoogleError INVALID_ARGUMENT when the bucket is missing, FAILED_PRECONDITION when it is elsewhere.
 */
export async function requireBucketNear(objects: ObjectStore, bucket: string, { location }: Location): Promise<void> {
  const found = await objects.getBucket(bucket);
  if (!found) throw invalidArgument(`The Cloud Storage bucket gs://${bucket} does not exist.`);
  const where = found.location.toUpperCase();
  const contains = multiRegions[where];
  if (where === location.toUpperCase() || (contains !== undefined && location.startsWith(contains))) return;
  throw failedPrecondition(
    `The Cloud Storage bucket of \`gs://${bucket}\` is in location \`${where.toLowerCase()}\`. ` +
      `It must be in the same regional location as the service location \`${location}\`.`,
  );
}
