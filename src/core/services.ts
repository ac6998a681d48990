import type { Clock } from "./clock.js";
import type { BatchService } from "./services/batch-service.js";
import type { BundleBuilder } from "./services/bundle-builder.js";
import type { DeploymentStore } from "./services/deployment-store.js";
import type { EndpointManager } from "./services/endpoint-manager.js";
import type { ImageBuilder } from "./services/image-builder.js";
import type { LogReader } from "./services/log-reader.js";
import type { ModelManager } from "./services/model-manager.js";
import type { ModelResolver } from "./services/model-resolver.js";
import type { PredictionService } from "./services/prediction-service.js";
import type { Uploader } from "./services/uploader.js";
import type { VersionManager } from "./services/version-manager.js";

export type * from "./services/model-resolver.js";
export type * from "./services/bundle-builder.js";
export type * from "./services/uploader.js";
export type * from "./services/image-builder.js";
export type * from "./services/model-manager.js";
export type * from "./services/version-manager.js";
export type * from "./services/endpoint-manager.js";
export type * from "./services/prediction-service.js";
export type * from "./services/batch-service.js";
export type * from "./services/deployment-store.js";
export type * from "./services/log-reader.js";

/** All that a deployment is made by, one service for each part of it. */
export interface DeploymentServices {
  modelResolver: ModelResolver;
  bundleBuilder: BundleBuilder;
  uploader: Uploader;
  imageBuilder: ImageBuilder;
  modelManager: ModelManager;
  versionManager: VersionManager;
  endpointManager: EndpointManager;
  predictionService: PredictionService;
  /** Null, or none, where the platform has no batch predictions. */
  batchService?: BatchService | null;
  deploymentStore: DeploymentStore;
  logReader: LogReader;
  clock: Clock;
}
