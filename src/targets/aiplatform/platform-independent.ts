import { systemClock } from "../../core/clock.js";
import { loadedLater } from "../../core/loaded-later.js";
import type { DeploymentStore } from "../../core/services.js";
import type { MlflowOptions } from "../../mlflow/credentials.js";
import { type StorageConnection, storageRetryOptions } from "../../storage/connection.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import type { GoogleConnection } from "./google/connection.js";
import { noRecords } from "./no-records.js";

/** The settings that the services of all platforms are made for. */
export function placeSettings(settings: AiPlatformSettings & { projectId: string }) {
  const { projectId, location, trackingUri, registryUri, productionBucket, productionRoute } = settings;
  return { projectId, location, trackingUri, registryUri, productionBucket, productionRoute };
}

/** An emulator has no quota to be gentle to. */
export const emulatorPollSchedule = { firstDelayMs: 50, maxDelayMs: 200 };

/** Cloud Storage, as the services of `storage/` reach it. */
export function storageConnection(connection: GoogleConnection): StorageConnection {
  return {
    client: () => connection.storage({ retryOptions: storageRetryOptions }),
    caller: () => connection.caller(),
  };
}

/**
 * The services that are the same on every platform, each loaded when it is first called.
 *
 * @param recordPath - Where a platform's records are, below those of all; it tells platforms, projects and regions apart,
 * which may share a bucket.
 */
export function platformIndependentServices(
  settings: ReturnType<typeof placeSettings>,
  connection: GoogleConnection,
  mlflow: MlflowOptions,
  recordPath: readonly string[],
) {
  const storage = storageConnection(connection);
  const { productionBucket: bucket, productionRoute, trackingUri, registryUri } = settings;
  const sharedPrefix = [productionRoute, "deployments"].filter((part) => part !== "").join("/");
  const records = { sharedPrefix, prefix: [sharedPrefix, ...recordPath].join("/") };
  return {
    clock: systemClock,
    modelResolver: loadedLater(async () => {
      const { modelResolver } = await import("../model-resolver.js");
      return modelResolver({ ...mlflow, trackingUri, registryUri }, storage);
    }, ["resolve", "describe"]),
    bundleBuilder: loadedLater(async () => {
      const { SdistBundleBuilder } = await import("../../bundle/bundle-builder.js");
      return new SdistBundleBuilder();
    }, ["build"]),
    uploader: loadedLater(async () => {
      const { GcsUploader } = await import("../../storage/uploader.js");
      return new GcsUploader(storage);
    }, ["checkBucket", "upload", "missing", "list", "delete"]),
    deploymentStore: bucket === undefined ? noRecords : recordsIn(bucket, records, storage),
  };
}

function recordsIn(
  bucket: string,
  place: { prefix: string; sharedPrefix: string },
  storage: StorageConnection,
): DeploymentStore {
  const load = async () => {
    const { GcsDeploymentStore } = await import("../../storage/deployment-store.js");
    return new GcsDeploymentStore(storage, { bucket, ...place });
  };
  return loadedLater(load, ["read", "write", "delete", "list"]);
}
