import { systemClock } from "../../../core/clock.js";
import { loadedLater } from "../../../core/loaded-later.js";
import type { ImageBuilder, LogReader } from "../../../core/services.js";
import type { MlflowOptions } from "../../../mlflow/credentials.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { GoogleConnection } from "../google/connection.js";
import { emulatorPollSchedule, placeSettings, platformIndependentServices } from "../platform-independent.js";
import type { AiPlatformServices } from "../services.js";
import { VertexEndpointManager } from "./endpoint-manager.js";
import { VertexModelManager } from "./model-manager.js";
import * as names from "./names.js";
import { VertexPredictionService } from "./prediction-service.js";
import { VertexVersionManager } from "./version-manager.js";
import type { VertexOptions } from "./vertex-api.js";

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
  const logReader = logs(place);
  return {
    ...platformIndependentServices(settings, connection, mlflow, [project, location]),
    names,
    imageBuilder: images(settings, place, logReader),
    modelManager: new VertexModelManager(place),
    versionManager: new VertexVersionManager(place),
    endpointManager: new VertexEndpointManager(place),
    predictionService: new VertexPredictionService(place),
    batchService: loadedLater(async () => {
      const { VertexBatchService } = await import("./batch-service.js");
      return new VertexBatchService(place);
    }, ["create", "list", "wait", "cancel"]),
    logReader,
  };
}

/** Required: a method that is left out of the names would be one that there is not. */
function logs(place: VertexOptions): Required<LogReader> {
  return loadedLater(async () => {
    const { CloudLogReader } = await import("../google/log-reader.js");
    const { endpointContainers } = await import("./container-log.js");
    return new CloudLogReader({ ...place, containers: endpointContainers });
  }, ["containerLog", "jobLog", "buildLog"]);
}

function images(
  settings: ReturnType<typeof vertexServiceSettings>,
  place: VertexOptions,
  logReader: LogReader,
): ImageBuilder {
  const { imageRepository, destinationImageUri, buildLocation, buildServiceAccount, buildTimeout } = settings;
  return loadedLater(async () => {
    const { CloudBuildImageBuilder } = await import("./image-builder.js");
    const { parseImageUri } = await import("../config/image-uri.js");
    return new CloudBuildImageBuilder({
      ...place,
      logReader,
      repository: imageRepository,
      destination: destinationImageUri === undefined ? undefined : (parseImageUri(destinationImageUri) ?? undefined),
      buildLocation,
      buildServiceAccount,
      buildTimeoutSeconds: buildTimeout,
    });
  }, ["find", "ensure", "list", "delete"]);
}
