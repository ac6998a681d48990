/**
 * Takes a model from MLflow to serving, with the interface of MLflow's deployment targets.
 *
 * @packageDocumentation
 */
export { getDeployClient, listTargets, registerTarget, targetHelp } from "./deploy-client.js";
// A wildcard, since an interface that is exported by its name cannot be extended by declaration merging.
export * from "./core/deployment-targets.js";
export { BaseDeploymentClient } from "./core/base-client.js";
export type {
  CallOptions,
  CreateDeploymentOptions,
  DeleteDeploymentOptions,
  GetDeploymentOptions,
  ListDeploymentsOptions,
  LongCallOptions,
  PredictOptions,
  UpdateDeploymentOptions,
} from "./core/base-client.js";
export type { Bundle, BundleRequest } from "./core/bundle.js";
export type { Clock } from "./core/clock.js";
export type { CreatedDeployment, DeployedModel, Deployment, DeploymentState, Predictions } from "./core/deployment.js";
export { DeploymentError, type ErrorCode } from "./core/errors.js";
export type {
  ModelFile,
  ModelMetadata,
  ModelSignature,
  ModelSource,
  ResolvedModel,
  SignatureField,
} from "./core/model.js";
export { type Operation, OperationFailedError, type WaitOptions } from "./core/operation.js";
export type { ClientOptions, DeploymentTargetPlugin } from "./core/plugin.js";
export type { DeploymentStep, OnProgress, ProgressEvent, StepContext } from "./core/progress.js";
export type { DeploymentRecord, DeploymentSpec, HistoryEntry, PendingStep, RecordLock } from "./core/record.js";
export type * from "./core/services.js";
export type { TargetUri } from "./core/target-uri.js";
export { AiPlatformClient, type AiPlatformClientOptions } from "./targets/aiplatform/client.js";
export type { AiPlatformConfig, AiPlatformSettings } from "./targets/aiplatform/config/index.js";
export type { AiPlatformServices, PlatformNames } from "./targets/aiplatform/services.js";
