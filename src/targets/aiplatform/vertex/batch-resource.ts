import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";

import { type BatchCounts, type BatchFailure, type BatchJob, type BatchState, isEnded } from "../../../core/batch.js";
import type { BatchRequest } from "../../../core/services.js";
import { type ResourceNames, withoutVersion } from "./resource-names.js";

type Resource = aiplatform_v1.Schema$GoogleCloudAiplatformV1BatchPredictionJob;
type Status = aiplatform_v1.Schema$GoogleRpcStatus;

/** `JobState`; one that this package does not know yet is taken for one that goes on. */
const states: Readonly<Record<string, BatchState>> = {
  JOB_STATE_QUEUED: "queued",
  JOB_STATE_PENDING: "pending",
  JOB_STATE_RUNNING: "running",
  // "only jobs in the RUNNING state can be updated", and go on afterwards
  JOB_STATE_UPDATING: "running",
  JOB_STATE_PAUSED: "paused",
  JOB_STATE_CANCELLING: "cancelling",
  JOB_STATE_SUCCEEDED: "succeeded",
  JOB_STATE_PARTIALLY_SUCCEEDED: "partially-succeeded",
  JOB_STATE_FAILED: "failed",
  JOB_STATE_EXPIRED: "failed",
  JOB_STATE_CANCELLED: "cancelled",
};

/** Vertex AI's names of the states in which nothing changes any more. */
export const endedStates: readonly string[] = Object.entries(states).flatMap(([name, state]) =>
  isEnded(state) ? [name] : [],
);

/** The job as `batchPredictionJobs.create` takes it (`google.cloud.aiplatform.v1.BatchPredictionJob`). */
export function jobResource(request: BatchRequest): Resource {
  const { version, accelerator, parameters, instanceType, keyField, batchSize } = request;
  const instanceConfig = {
    ...(instanceType !== null && { instanceType }),
    ...(keyField !== null && { keyField }),
  };
  return {
    displayName: request.displayName,
    model: version.versionId === null ? version.model : `${version.model}@${version.versionId}`,
    inputConfig: inputConfig(request),
    outputConfig: outputConfig(request.output),
    ...(Object.keys(instanceConfig).length > 0 && { instanceConfig }),
    ...(parameters !== null && { modelParameters: parameters }),
    dedicatedResources: {
      machineSpec: {
        machineType: request.machineType,
        ...(accelerator && { acceleratorType: accelerator.type, acceleratorCount: accelerator.count }),
      },
      ...(request.startingReplicaCount !== null && { startingReplicaCount: request.startingReplicaCount }),
      ...(request.maxReplicaCount !== null && { maxReplicaCount: request.maxReplicaCount }),
    },
    ...(batchSize !== null && { manualBatchTuningParameters: { batchSize } }),
    ...(request.serviceAccount !== null && { serviceAccount: request.serviceAccount }),
    ...(request.encryptionKey !== null && { encryptionSpec: { kmsKeyName: request.encryptionKey } }),
    labels: request.labels,
  };
}

/** The job as this package shows it. */
export function batchJob(resource: Resource, names: ResourceNames): BatchJob {
  const { inputConfig: input, outputConfig: output, outputInfo, error } = resource;
  const table = input?.bigquerySource?.inputUri;
  return {
    name: names.own(resource.name ?? ""),
    state: states[resource.state ?? ""] ?? "pending",
    model: withoutVersion(names.own(resource.model ?? "")),
    modelVersionId: resource.modelVersionId ?? null,
    input: table ? [table] : (input?.gcsSource?.uris ?? []),
    inputFormat: input?.instancesFormat ?? "",
    output: output?.gcsDestination?.outputUriPrefix ?? output?.bigqueryDestination?.outputUri ?? "",
    outputDirectory: outputInfo?.gcsOutputDirectory || tableOf(outputInfo) || null,
    counts: countsOf(resource),
    partialFailures: (resource.partialFailures ?? []).map(failure),
    error: error ? failure(error) : null,
    labels: resource.labels ?? {},
    createTime: resource.createTime ?? null,
    startTime: resource.startTime ?? null,
    endTime: resource.endTime ?? null,
  };
}

function inputConfig({ input, inputFormat }: BatchRequest): Resource["inputConfig"] {
  if (inputFormat === "bigquery") return { instancesFormat: inputFormat, bigquerySource: { inputUri: input[0] ?? "" } };
  return { instancesFormat: inputFormat, gcsSource: { uris: [...input] } };
}

/** "Model.supported_output_storage_formats": a model with a container of its own writes one format to each place. */
function outputConfig(output: string): Resource["outputConfig"] {
  return output.startsWith("bq://")
    ? { predictionsFormat: "bigquery", bigqueryDestination: { outputUri: output } }
    : { predictionsFormat: "jsonl", gcsDestination: { outputUriPrefix: output } };
}

/** The table by its full name: the platform gives it beside its dataset, `bq://project.dataset`. */
function tableOf(info: Resource["outputInfo"]): string {
  const { bigqueryOutputDataset: dataset, bigqueryOutputTable: table } = info ?? {};
  if (!dataset || !table) return dataset ?? "";
  return table.startsWith("bq://") ? table : `${dataset}.${table}`;
}

function countsOf({ completionStats: stats }: Resource): BatchCounts {
  // in the JSON of a protobuf message, what is 0 is left out
  const count = (value: string | null | undefined) => (stats ? known(Number(value ?? 0)) : null);
  return {
    successful: count(stats?.successfulCount),
    failed: count(stats?.failedCount),
    incomplete: count(stats?.incompleteCount),
  };
}

/** "Set to -1 if the number is unknown" (`CompletionStats.incomplete_count`). */
function known(count: number): number | null {
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
}

function failure({ code, message }: Status): BatchFailure {
  return { code: code ?? null, message: message || "no reason was given" };
}
