/**
 * Takes a model from MLflow to serving, with the interface of MLflow's deployment targets.
 *
 * @packageDocumentation
 */
export {
  getDeployClient,
  getDeploymentsTarget,
  listTargets,
  registerTarget,
  runLocal,
  setDeploymentsTarget,
  targetHelp,
} from "./deploy-client.js";
// A wildcard, since an interface that is exported by its name cannot be extended by declaration merging.
export * from "./core/deployment-targets.js";
export { registerArtifactReader } from "./core/artifact-readers.js";
export { BaseDeploymentClient } from "./core/base-client.js";
export type {
  BatchCounts,
  BatchFailure,
  BatchInputFormat,
  BatchJob,
  BatchPrediction,
  BatchState,
} from "./core/batch.js";
export type { Bundle, BundleRequest } from "./core/bundle.js";
export { allCapabilities, type Capability } from "./core/capabilities.js";
export type { Clock } from "./core/clock.js";
export {
  type CreatedDeployment,
  type DeployedModel,
  type Deployment,
  type DeploymentState,
  newDeployment,
  type Predictions,
  type UpdatedDeployment,
} from "./core/deployment.js";
export type { Diagnosis } from "./core/diagnosis.js";
export { DeploymentError, type ErrorCode } from "./core/errors.js";
export type { Explanations } from "./core/explanations.js";
export { guard } from "./core/guard.js";
export type { LocalServer, RunLocalOptions } from "./core/local-server.js";
export type {
  LocalModelFile,
  ModelFile,
  ModelMetadata,
  ModelSignature,
  ModelSource,
  ResolvedModel,
  StoredObject,
  SignatureField,
} from "./core/model.js";
export type { ModelType } from "./core/model-type.js";
export { type Operation, OperationFailedError, type WaitOptions } from "./core/operation.js";
export type * from "./core/options.js";
export type { DeploymentPlan, PlannedStep } from "./core/plan.js";
export type { ClientOptions, DeploymentTargetPlugin } from "./core/plugin.js";
export type { Column, PredictionInputs, SplitFrame, TypedArray } from "./core/prediction-inputs.js";
export { predictionRows, predictionTarget, type PredictionTarget } from "./core/prediction-request.js";
export { PredictionsResponse } from "./core/predictions-response.js";
export type { DeploymentStep, OnProgress, ProgressEvent, StepContext } from "./core/progress.js";
export type { PruneItem } from "./core/prune.js";
export type {
  DeploymentRecord,
  DeploymentSpec,
  HistoryEntry,
  PendingStep,
  RecordedUpdate,
  RecordLock,
  VersionName,
} from "./core/record.js";
export type * from "./core/services.js";
export type { ServingEndpoint } from "./core/serving-endpoint.js";
export type { TargetUri } from "./core/target-uri.js";
export type { ArrayOf, ArrayType } from "./core/typed-array.js";
export type { MlflowCredentials, MlflowOptions } from "./mlflow/credentials.js";
export { AiPlatformClient, type AiPlatformClientOptions } from "./targets/aiplatform/client.js";
export type { AiPlatformConfig, AiPlatformSettings } from "./targets/aiplatform/config/index.js";
export type { AiPlatformServices, PlatformNames } from "./targets/aiplatform/services.js";
export { LocalClient, type LocalClientOptions } from "./targets/local/client.js";
export type { LocalConfig, LocalSettings } from "./targets/local/config/index.js";
