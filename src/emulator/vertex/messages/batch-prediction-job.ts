/** Vertex AI's BatchPredictionJob, from Google's discovery document `aiplatform.v1`. */
import {
  bool,
  int32,
  list,
  map,
  nested,
  notEmulated,
  outputOnly,
  protoPackage,
  string,
  value,
} from "../../proto/field-types.js";
import { machineSpecMessage } from "./machine-spec.js";
import { encryptionSpecMessage } from "./model.js";

const { message } = protoPackage("google.cloud.aiplatform.v1");

const inputConfig = message(
  "BatchPredictionJob.InputConfig",
  {
    instancesFormat: string,
    gcsSource: nested(message("GcsSource", { uris: list(string) }, ["uris"])),
    bigquerySource: nested(message("BigQuerySource", { inputUri: string }, ["inputUri"])),
    vertexMultimodalDatasetSource: notEmulated,
  },
  ["instancesFormat"],
);

const outputConfig = message(
  "BatchPredictionJob.OutputConfig",
  {
    predictionsFormat: string,
    gcsDestination: nested(message("GcsDestination", { outputUriPrefix: string }, ["outputUriPrefix"])),
    bigqueryDestination: nested(message("BigQueryDestination", { outputUri: string }, ["outputUri"])),
    vertexMultimodalDatasetDestination: notEmulated,
  },
  ["predictionsFormat"],
);

const instanceConfig = message("BatchPredictionJob.InstanceConfig", {
  instanceType: string,
  keyField: string,
  includedFields: list(string),
  excludedFields: list(string),
});

const batchDedicatedResources = message(
  "BatchDedicatedResources",
  { machineSpec: nested(machineSpecMessage), startingReplicaCount: int32, maxReplicaCount: int32 },
  ["machineSpec"],
);

export const batchPredictionJobMessage = message(
  "BatchPredictionJob",
  {
    name: outputOnly,
    displayName: string,
    model: string,
    inputConfig: nested(inputConfig),
    outputConfig: nested(outputConfig),
    instanceConfig: nested(instanceConfig),
    modelParameters: value,
    dedicatedResources: nested(batchDedicatedResources),
    manualBatchTuningParameters: nested(message("ManualBatchTuningParameters", { batchSize: int32 })),
    serviceAccount: string,
    disableContainerLogging: bool,
    labels: map(string),
    encryptionSpec: nested(encryptionSpecMessage),
    explanationSpec: notEmulated,
    generateExplanation: notEmulated,
    unmanagedContainerModel: notEmulated,
    completionStats: outputOnly,
    createTime: outputOnly,
    endTime: outputOnly,
    error: outputOnly,
    modelVersionId: outputOnly,
    outputInfo: outputOnly,
    partialFailures: outputOnly,
    resourcesConsumed: outputOnly,
    satisfiesPzi: outputOnly,
    satisfiesPzs: outputOnly,
    startTime: outputOnly,
    state: outputOnly,
    updateTime: outputOnly,
  },
  ["displayName", "inputConfig", "outputConfig"],
);
