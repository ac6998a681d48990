import { SdistBundleBuilder } from "../../../bundle/bundle-builder.js";
import { systemClock } from "../../../core/clock.js";
import { MlflowModelResolver } from "../../../mlflow/model-resolver.js";
import { storageRetryOptions } from "../../../storage/connection.js";
import { GcsDeploymentStore } from "../../../storage/deployment-store.js";
import { GcsArtifactReader } from "../../../storage/gcs-artifact-reader.js";
import { GcsUploader } from "../../../storage/uploader.js";
import { parseImageUri } from "../config/image-uri.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { GoogleConnection } from "../google/connection.js";
import { noRecords } from "../no-records.js";
import type { AiPlatformServices } from "../services.js";
import { VertexEndpointManager } from "./endpoint-manager.js";
import { CloudBuildImageBuilder } from "./image-builder.js";
import { CloudLogReader } from "./log-reader.js";
import { VertexModelManager } from "./model-manager.js";
import * as names from "./names.js";
import { VertexPredictionService } from "./prediction-service.js";
import { VertexVersionManager } from "./version-manager.js";

/** The settings that services are made for; all others are said with each call. */
export function serviceSettings(settings: AiPlatformSettings & { projectId: string }) {
  const { projectId, location, trackingUri, productionBucket, productionRoute } = settings;
  const { imageRepository, destinationImageUri, buildLocation, buildServiceAccount, buildTimeout } = settings;
  return {
    projectId,
    location,
    trackingUri,
    productionBucket,
    productionRoute,
    imageRepository,
    destinationImageUri,
    buildLocation,
    buildServiceAccount,
    buildTimeout,
  };
}

/** An emulator has no quota to be gentle to. */
const emulatorPollSchedule = { firstDelayMs: 100, maxDelayMs: 1000 };

/** The services of platform `vertex`. */
export function vertexServices(
  settings: ReturnType<typeof serviceSettings>,
  connection: GoogleConnection,
): AiPlatformServices {
  const pollSchedule = connection.emulator ? emulatorPollSchedule : undefined;
  const place = {
    connection,
    project: settings.projectId,
    location: settings.location,
    clock: systemClock,
    pollSchedule,
  };
  const storage = {
    client: () => connection.storage({ retryOptions: storageRetryOptions }),
    caller: () => connection.caller(),
  };
  const bucket = settings.productionBucket;
  const logReader = new CloudLogReader(place);
  return {
    clock: systemClock,
    names,
    modelResolver: new MlflowModelResolver({
      trackingUri: settings.trackingUri,
      readers: { gs: new GcsArtifactReader(storage) },
    }),
    bundleBuilder: new SdistBundleBuilder(),
    uploader: new GcsUploader(storage),
    imageBuilder: new CloudBuildImageBuilder({
      ...place,
      logReader,
      repository: settings.imageRepository,
      destination:
        settings.destinationImageUri === undefined
          ? undefined
          : (parseImageUri(settings.destinationImageUri) ?? undefined),
      buildLocation: settings.buildLocation,
      buildServiceAccount: settings.buildServiceAccount,
      buildTimeoutSeconds: settings.buildTimeout,
    }),
    modelManager: new VertexModelManager(place),
    versionManager: new VertexVersionManager(place),
    endpointManager: new VertexEndpointManager(place),
    predictionService: new VertexPredictionService(place),
    logReader,
    deploymentStore:
      bucket === undefined ? noRecords : new GcsDeploymentStore(storage, { bucket, ...recordPrefixes(settings) }),
  };
}

/** Deployments of one name in several projects or regions may share a bucket. */
function recordPrefixes({ productionRoute, projectId, location }: ReturnType<typeof serviceSettings>) {
  const sharedPrefix = [productionRoute, "deployments"].filter((part) => part !== "").join("/");
  return { sharedPrefix, prefix: `${sharedPrefix}/${projectId}/${location}` };
}
