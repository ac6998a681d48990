import type { BucketMetadata } from "@google-cloud/storage";

/**
 * Regions of the dual-regions that have a name of their own, and the European regions that the multi-region `EU` leaves
 * out because they are not in the Union ("Bucket locations" of Cloud Storage's documentation).
 */
const dualRegions: Readonly<Record<string, readonly string[]>> = {
  asia1: ["asia-northeast1", "asia-northeast2"],
  eur4: ["europe-north1", "europe-west4"],
  eur5: ["europe-west1", "europe-west2"],
  eur7: ["europe-west2", "europe-west3"],
  eur8: ["europe-west3", "europe-west6"],
  nam4: ["us-central1", "us-east1"],
};
const notInEu = ["europe-west2", "europe-west6"];

/** Where a bucket is, for a person: `EUROPE-WEST1`, `EU`, or the two regions of a dual-region. */
export function describeLocation(bucket: BucketMetadata): string {
  const placed = bucket.customPlacementConfig?.dataLocations;
  return placed?.length ? placed.join(" and ") : (bucket.location ?? "an unknown location");
}

/** Whether a bucket is in `region`, alone or among others. */
export function holdsRegion(bucket: BucketMetadata, region: string): boolean {
  const wanted = region.toLowerCase();
  const placed = bucket.customPlacementConfig?.dataLocations;
  if (placed?.length) return placed.some((each) => each.toLowerCase() === wanted);
  const location = (bucket.location ?? "").toLowerCase();
  switch (location) {
    case "us":
    case "asia":
      return wanted.startsWith(`${location}-`);
    case "eu":
      return wanted.startsWith("europe-") && !notInEu.includes(wanted);
    default:
      return location === wanted || (dualRegions[location]?.includes(wanted) ?? false);
  }
}
