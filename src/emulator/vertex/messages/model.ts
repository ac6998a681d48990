/** Vertex AI's Model and the requests about it, from Google's discovery document `aiplatform.v1`. */
import {
  duration,
  int32,
  int64,
  list,
  map,
  nested,
  notEmulated,
  outputOnly,
  protoPackage,
  string,
  value,
} from "../../proto/field-types.js";
import { explanationSpecMessage } from "./explanation.js";

const { message } = protoPackage("google.cloud.aiplatform.v1");

const envVar = message("EnvVar", { name: string, value: string }, ["name", "value"]);
const port = message("Port", { containerPort: int32 });
/** The key that a resource is encrypted with. */
export const encryptionSpecMessage = message("EncryptionSpec", { kmsKeyName: string }, ["kmsKeyName"]);
const predictSchemata = message("PredictSchemata", {
  instanceSchemaUri: string,
  parametersSchemaUri: string,
  predictionSchemaUri: string,
});

const containerSpecMessage = message(
  "ModelContainerSpec",
  {
    imageUri: string,
    command: list(string),
    args: list(string),
    env: list(nested(envVar)),
    ports: list(nested(port)),
    predictRoute: string,
    healthRoute: string,
    deploymentTimeout: duration,
    sharedMemorySizeMb: int64,
    grpcPorts: notEmulated,
    invokeRoutePrefix: notEmulated,
    startupProbe: notEmulated,
    healthProbe: notEmulated,
    livenessProbe: notEmulated,
  },
  ["imageUri"],
);

export const modelMessage = message(
  "Model",
  {
    name: string,
    displayName: string,
    description: string,
    versionDescription: string,
    versionAliases: list(string),
    labels: map(string),
    etag: string,
    artifactUri: string,
    containerSpec: nested(containerSpecMessage),
    metadata: value,
    metadataSchemaUri: string,
    predictSchemata: nested(predictSchemata),
    explanationSpec: nested(explanationSpecMessage),
    encryptionSpec: nested(encryptionSpecMessage),
    pipelineJob: string,
    baseModelSource: notEmulated,
    dataStats: notEmulated,
    defaultCheckpointId: notEmulated,
    checkpoints: outputOnly,
    createTime: outputOnly,
    deployedModels: outputOnly,
    metadataArtifact: outputOnly,
    modelSourceInfo: outputOnly,
    originalModelInfo: outputOnly,
    satisfiesPzi: outputOnly,
    satisfiesPzs: outputOnly,
    supportedDeploymentResourcesTypes: outputOnly,
    supportedExportFormats: outputOnly,
    supportedInputStorageFormats: outputOnly,
    supportedOutputStorageFormats: outputOnly,
    trainingPipeline: outputOnly,
    updateTime: outputOnly,
    versionCreateTime: outputOnly,
    versionId: outputOnly,
    versionUpdateTime: outputOnly,
  },
  ["displayName"],
);

export const uploadModelRequest = message(
  "UploadModelRequest",
  { parent: string, model: nested(modelMessage), modelId: string, parentModel: string, serviceAccount: string },
  ["model"],
);

export const mergeVersionAliasesRequest = message(
  "MergeVersionAliasesRequest",
  { name: string, versionAliases: list(string) },
  ["versionAliases"],
);
