/** AI Platform's Model and Version, from Google's discovery document `ml.v1`. */
import { bool, int32, list, map, nested, notEmulated, outputOnly, protoPackage, string } from "../proto/field-types.js";

const { enumeration, message } = protoPackage("google.cloud.ml.v1");

const metricSpec = message("MetricSpec", {
  name: enumeration("MetricName", { METRIC_NAME_UNSPECIFIED: 0, CPU_USAGE: 1, GPU_DUTY_CYCLE: 2 }),
  target: int32,
});

export const versionMessage = message("Version", {
  name: string,
  description: string,
  labels: map(string),
  etag: string,
  deploymentUri: string,
  runtimeVersion: string,
  pythonVersion: string,
  framework: enumeration("Framework", { FRAMEWORK_UNSPECIFIED: 0, TENSORFLOW: 1, SCIKIT_LEARN: 2, XGBOOST: 3 }),
  packageUris: list(string),
  predictionClass: string,
  machineType: string,
  autoScaling: nested(message("AutoScaling", { minNodes: int32, maxNodes: int32, metrics: list(nested(metricSpec)) })),
  manualScaling: nested(message("ManualScaling", { nodes: int32 })),
  serviceAccount: string,
  acceleratorConfig: notEmulated,
  container: notEmulated,
  explanationConfig: notEmulated,
  requestLoggingConfig: notEmulated,
  routes: notEmulated,
  createTime: outputOnly,
  errorMessage: outputOnly,
  isDefault: outputOnly,
  lastMigrationModelId: outputOnly,
  lastMigrationTime: outputOnly,
  lastUseTime: outputOnly,
  state: outputOnly,
});

const modelFields = {
  name: string,
  description: string,
  labels: map(string),
  etag: string,
  regions: list(string),
  onlinePredictionLogging: bool,
  onlinePredictionConsoleLogging: bool,
};

/** What `models.create` takes: the default version is for Google alone to say. */
export const modelMessage = message("Model", { ...modelFields, defaultVersion: outputOnly });

/** What `models.patch` takes: a Model, whose mask may name `default_version.name`. */
export const modelPatchMessage = message("Model", { ...modelFields, defaultVersion: nested(versionMessage) });

export const setDefaultVersionRequest = message("SetDefaultVersionRequest", { name: string });
