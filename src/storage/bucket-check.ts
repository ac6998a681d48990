import type { Bucket, BucketMetadata } from "@google-cloud/storage";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { describeLocation, holdsRegion } from "./bucket-location.js";
import { untilCancelled } from "./cancellation.js";
import type { StorageConnection } from "./connection.js";
import { type Attempt, explained, httpStatus, withoutRequest } from "./errors.js";

/**
 * Fails when a bucket is missing, its objects are forbidden, or it is outside of `region`.
 *
 * A caller who may work with the objects but not read the bucket itself, as `roles/storage.objectAdmin` has it, is let
 * through with a warning: such service accounts are usual, and Vertex AI checks the region again.
 */
export async function checkBucket(
  connection: StorageConnection,
  name: string,
  region: string,
  context: StepContext,
): Promise<void> {
  const attempt: Attempt = { doing: `Checking the bucket "${name}"`, bucket: name, role: "roles/storage.objectAdmin" };
  await explained(connection, attempt, async () => {
    const bucket = (await connection.client()).bucket(name);
    const metadata = await readMetadata(bucket, region, context, attempt);
    if (metadata) requireRegion(name, metadata, region);
    else await requireObjectAccess(connection, bucket, context, attempt);
  });
}

async function readMetadata(
  bucket: Bucket,
  region: string,
  context: StepContext,
  attempt: Attempt,
): Promise<BucketMetadata | null> {
  try {
    const [metadata] = await untilCancelled(() => bucket.getMetadata(), context.signal, attempt.doing);
    return metadata;
  } catch (error) {
    if (httpStatus(error) === 403) return null;
    if (httpStatus(error) !== 404) throw error;
    throw new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `The bucket "${bucket.name}" does not exist. Create it with ` +
        `\`gcloud storage buckets create gs://${bucket.name} --location=${region}\`, or name another one.`,
      { cause: withoutRequest(error) },
    );
  }
}

function requireRegion(name: string, metadata: BucketMetadata, region: string): void {
  if (holdsRegion(metadata, region)) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The bucket "${name}" is in ${describeLocation(metadata)}, but the deployment is in ${region}, and Vertex AI takes artifacts ` +
      `only from a bucket there or in a multi-region that contains it. Use a bucket in ${region}, or change the deployment's location.`,
  );
}

/** Listing is the least that an upload needs, and says whether the objects are forbidden too. */
async function requireObjectAccess(
  connection: StorageConnection,
  bucket: Bucket,
  context: StepContext,
  attempt: Attempt,
): Promise<void> {
  const list = () => bucket.getFiles({ maxResults: 1, autoPaginate: false });
  await untilCancelled(list, context.signal, attempt.doing);
  const caller = (await connection.caller().catch(() => null)) ?? "The caller";
  context.report({
    type: "warning",
    message:
      `${caller} may not read the bucket "${bucket.name}" itself (storage.buckets.get), so its region was not checked; ` +
      "roles/storage.legacyBucketReader on the bucket would allow it.",
  });
}
