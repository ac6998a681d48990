/** Vertex AI's Endpoint, DeployedModel and the requests about them, from Google's discovery document `aiplatform.v1`. */
import {
  bool,
  duration,
  int32,
  list,
  map,
  mask,
  nested,
  notEmulated,
  outputOnly,
  protoPackage,
  string,
  value,
} from "../../proto/field-types.js";
import { explanationSpecMessage } from "./explanation.js";
import { machineSpecMessage } from "./machine-spec.js";
import { encryptionSpecMessage } from "./model.js";

const { message } = protoPackage("google.cloud.aiplatform.v1");

const autoscalingMetricSpec = message("AutoscalingMetricSpec", { metricName: string, target: int32 }, ["metricName"]);

const dedicatedResources = message(
  "DedicatedResources",
  {
    machineSpec: nested(machineSpecMessage),
    minReplicaCount: int32,
    maxReplicaCount: int32,
    requiredReplicaCount: int32,
    autoscalingMetricSpecs: list(nested(autoscalingMetricSpec)),
    spot: bool,
  },
  ["machineSpec"],
);

const automaticResources = message("AutomaticResources", { minReplicaCount: int32, maxReplicaCount: int32 });

const deployedModelMessage = message("DeployedModel", {
  id: string,
  model: string,
  displayName: string,
  dedicatedResources: nested(dedicatedResources),
  automaticResources: nested(automaticResources),
  serviceAccount: string,
  disableContainerLogging: bool,
  disableExplanations: bool,
  explanationSpec: nested(explanationSpecMessage),
  enableAccessLogging: bool,
  systemLabels: map(string),
  checkpointId: notEmulated,
  fasterDeploymentConfig: notEmulated,
  gdcConnectedModel: notEmulated,
  sharedResources: notEmulated,
  speculativeDecodingSpec: notEmulated,
  createTime: outputOnly,
  modelVersionId: outputOnly,
  privateEndpoints: outputOnly,
  status: outputOnly,
});

export const endpointMessage = message(
  "Endpoint",
  {
    name: string,
    displayName: string,
    description: string,
    labels: map(string),
    etag: string,
    trafficSplit: map(int32),
    dedicatedEndpointEnabled: bool,
    clientConnectionConfig: nested(message("ClientConnectionConfig", { inferenceTimeout: duration })),
    encryptionSpec: nested(encryptionSpecMessage),
    network: string,
    enablePrivateServiceConnect: notEmulated,
    gdcConfig: notEmulated,
    genAiAdvancedFeaturesConfig: notEmulated,
    predictRequestResponseLoggingConfig: notEmulated,
    privateServiceConnectConfig: notEmulated,
    createTime: outputOnly,
    dedicatedEndpointDns: outputOnly,
    deployedModels: outputOnly,
    modelDeploymentMonitoringJob: outputOnly,
    satisfiesPzi: outputOnly,
    satisfiesPzs: outputOnly,
    updateTime: outputOnly,
  },
  ["displayName"],
);

export const deployModelRequest = message(
  "DeployModelRequest",
  { endpoint: string, deployedModel: nested(deployedModelMessage), trafficSplit: map(int32) },
  ["deployedModel"],
);

export const undeployModelRequest = message(
  "UndeployModelRequest",
  { endpoint: string, deployedModelId: string, trafficSplit: map(int32) },
  ["deployedModelId"],
);

export const mutateDeployedModelRequest = message(
  "MutateDeployedModelRequest",
  { endpoint: string, deployedModel: nested(deployedModelMessage), updateMask: mask },
  ["deployedModel", "updateMask"],
);

export const predictRequest = message(
  "PredictRequest",
  { endpoint: string, instances: list(value), parameters: value, labels: map(string) },
  ["instances"],
);
