import { systemClock } from "../../../core/clock.js";
import type { MlflowOptions } from "../../../mlflow/credentials.js";
import { parseImageUri } from "../config/image-uri.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { GoogleConnection } from "../google/connection.js";
import { CloudLogReader } from "../google/log-reader.js";
import { emulatorPollSchedule, placeSettings, platformIndependentServices } from "../platform-independent.js";
import type { AiPlatformServices } from "../services.js";
import { VertexBatchService } from "./batch-service.js";
import { endpointContainers } from "./container-log.js";
import { VertexEndpointManager } from "./endpoint-manager.js";
import { CloudBuildImageBuilder } from "./image-builder.js";
import { VertexModelManager } from "./model-manager.js";
import * as names from "./names.js";
import { VertexPredictionService } from "./prediction-service.js";
import { VertexVersionManager } from "./version-manager.js";

/** The settings that services are made for; all others are said with each call. */
export function vertexServiceSettings(settings: AiPlatformSettings & { projectId: string }) {
  const { imageRepository, destinationImageUri, buildLocation, buildServiceAccount, buildTimeout } = settings;
  return {
    ...placeSettings(settings),
    imageRepository,
    destinationImageUri,
    buildLocation,
    buildServiceAccount,
    buildTimeout,
  };
}

/** The services of platform `vertex`. */
export function vertexServices(
  settings: ReturnType<typeof vertexServiceSettings>,
  connection: GoogleConnection,
  mlflow: MlflowOptions,
): AiPlatformServices {
  const { projectId: project, location } = settings;
  const pollSchedule = connection.emulator ? emulatorPollSchedule : undefined;
  const place = { connection, project, location, clock: systemClock, pollSchedule };
  const logReader = new CloudLogReader({ ...place, containers: endpointContainers });
  return {
    ...platformIndependentServices(settings, connection, mlflow, [project, location]),
    names,
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
    batchService: new VertexBatchService(place),
    logReader,
  };
}
