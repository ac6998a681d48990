import type { BucketMetadata } from "@google-cloud/storage";

import { describeLocation, holdsRegion } from "../../../storage/bucket-location.js";
import { storageError, httpStatus } from "../../../storage/errors.js";
import { failed, fromError, type Finding, ok, skipped, warning } from "./check.js";
import { callerOf, type Place } from "./place.js";

/** What a deployment does with the objects of its bucket. */
const permissions = ["create", "delete", "get", "list"].map((what) => `storage.objects.${what}`);

/** Whether the bucket is there, in the region, and its objects may be read and written. */
export async function bucket(place: Place): Promise<Finding> {
  const { settings, connection } = place;
  const name = settings.productionBucket;
  if (name === undefined) {
    return skipped(
      "No bucket is named, so that nothing can be deployed.",
      "Pass config.productionBucket, or set the environment variable production_bucket.",
    );
  }
  const found = (await connection.storage({ retryOptions: { autoRetry: false }, timeout: place.timeoutMs })).bucket(
    name,
  );
  try {
    const metadata = await found.getMetadata().then(
      ([read]) => read,
      (error: unknown) => {
        // whoever may work with the objects only may not read the bucket itself
        if (httpStatus(error) === 403) return null;
        throw error;
      },
    );
    const [granted] = await found.iam.testPermissions(permissions);
    const missing = permissions.filter((permission) => !granted[permission]);
    if (missing.length > 0) {
      return failed(
        `The bucket "${name}" does not give ${await callerOf(place)} ${missing.join(", ")}.`,
        `Grant ${await callerOf(place)} roles/storage.objectAdmin on it: ${binding(name)}`,
      );
    }
    return whereItIs(name, metadata, settings.location);
  } catch (error) {
    if (httpStatus(error) === 404) {
      return failed(
        `The bucket "${name}" does not exist.`,
        `Create it with \`gcloud storage buckets create gs://${name} --location=${settings.location}\`, or name another one.`,
      );
    }
    const attempt = { doing: `Reading the bucket "${name}"`, bucket: name, role: "roles/storage.objectAdmin" } as const;
    const storage = { client: () => connection.storage(), caller: () => connection.caller() };
    return fromError(await storageError(storage, attempt, error), "Check the network, and look again.");
  }
}

function whereItIs(name: string, metadata: BucketMetadata | null, region: string): Finding {
  if (metadata === null) {
    return warning(
      `The objects of "${name}" may be read and written; where it is cannot be told (storage.buckets.get).`,
      `Grant roles/storage.legacyBucketReader on it, or make sure that it is in ${region}.`,
    );
  }
  const where = describeLocation(metadata);
  if (holdsRegion(metadata, region)) return ok(`"${name}" is in ${where}, and its objects may be read and written.`);
  return failed(
    `The bucket "${name}" is in ${where}, but the deployment is in ${region}.`,
    `Use a bucket in ${region} or in a multi-region that contains it, or change the location.`,
  );
}

function binding(name: string): string {
  return `\`gcloud storage buckets add-iam-policy-binding gs://${name} --member=MEMBER --role=roles/storage.objectAdmin\`.`;
}
