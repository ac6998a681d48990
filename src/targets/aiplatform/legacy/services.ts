import { systemClock } from "../../../core/clock.js";
import type { MlflowOptions } from "../../../mlflow/credentials.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { GoogleConnection } from "../google/connection.js";
import { CloudLogReader } from "../google/log-reader.js";
import { emulatorPollSchedule, placeSettings, platformIndependentServices } from "../platform-independent.js";
import type { AiPlatformServices } from "../services.js";
import { versionLogs } from "./container-log.js";
import { LegacyEndpointManager } from "./endpoint-manager.js";
import { LegacyModelManager } from "./model-manager.js";
import { legacyNames } from "./names.js";
import { PackageAsImage } from "./package-as-image.js";
import { LegacyPredictionService } from "./prediction-service.js";
import { LegacyVersionManager } from "./version-manager.js";

/** The settings that services are made for; all others are said with each call. */
export function legacyServiceSettings(settings: AiPlatformSettings & { projectId: string }) {
  const { modelName, regions, location, onlinePredictionLogging } = settings;
  return { ...placeSettings(settings), modelName, regions: regions ?? [location], onlinePredictionLogging };
}

/** The services of platform `legacy`: AI Platform Prediction. */
export function legacyServices(
  settings: ReturnType<typeof legacyServiceSettings>,
  connection: GoogleConnection,
  mlflow: MlflowOptions,
): AiPlatformServices {
  const { projectId: project, regions, onlinePredictionLogging } = settings;
  const place = {
    connection,
    project,
    clock: systemClock,
    pollSchedule: connection.emulator ? emulatorPollSchedule : undefined,
  };
  const models = { ...place, regions, onlinePredictionLogging };
  return {
    ...platformIndependentServices(settings, connection, mlflow, ["ml", project]),
    names: legacyNames(settings.modelName),
    imageBuilder: new PackageAsImage(),
    modelManager: new LegacyModelManager(models),
    versionManager: new LegacyVersionManager(place),
    endpointManager: new LegacyEndpointManager(models),
    predictionService: new LegacyPredictionService(place),
    batchService: null,
    logReader: new CloudLogReader({ ...place, containers: versionLogs }),
  };
}
