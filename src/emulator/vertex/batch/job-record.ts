import type { JsonObject } from "../../proto/parse.js";
import type { DeployedModel } from "../endpoints/endpoint-record.js";

/** The states of `JobState` that a job goes through here. */
type JobState =
  | "JOB_STATE_PENDING"
  | "JOB_STATE_RUNNING"
  | "JOB_STATE_SUCCEEDED"
  | "JOB_STATE_PARTIALLY_SUCCEEDED"
  | "JOB_STATE_FAILED"
  | "JOB_STATE_CANCELLING"
  | "JOB_STATE_CANCELLED";

/** `google.rpc.Status` as JSON. */
export interface Status {
  code: number;
  message: string;
}

/** `BatchPredictionJob.InstanceConfig`: how lines of the input become what the model is sent. */
export interface InstanceConfig {
  instanceType?: "object" | "array";
  keyField?: string;
  includedFields?: string[];
  excludedFields?: string[];
}

/** What was asked for, checked. */
export interface JobRequest {
  displayName: string;
  /** As it was given, with the project's number: `…/models/ID`, `…/models/ID@VERSION` or `…@ALIAS`. */
  model: string;
  inputConfig: { instancesFormat: "jsonl" | "csv" | "file-list"; gcsSource: { uris: string[] } };
  outputConfig: { predictionsFormat: "jsonl"; gcsDestination: { outputUriPrefix: string } };
  instanceConfig?: InstanceConfig;
  modelParameters?: unknown;
  dedicatedResources: {
    machineSpec: DeployedModel["dedicatedResources"]["machineSpec"];
    startingReplicaCount?: number;
    maxReplicaCount?: number;
  };
  manualBatchTuningParameters?: { batchSize?: number };
  disableContainerLogging?: boolean;
  labels?: Record<string, string>;
  /** Kept, and without effect here. */
  serviceAccount?: string;
  encryptionSpec?: JsonObject;
}

/** How many instances got predictions so far, and how many none. */
export interface CompletionStats {
  successful: number;
  failed: number;
  /** Those that were not tried, where the job ended before its input did: -1, since nobody counted them. */
  incomplete: number;
}

/** `BatchPredictionJob` as the emulator keeps it. */
export interface JobRecord {
  name: string;
  request: JobRequest;
  modelVersionId: string;
  modelDisplayName: string;
  state: JobState;
  createTime: string;
  updateTime: string;
  startTime?: string;
  endTime?: string;
  error?: Status;
  partialFailures?: Status[];
  stats?: CompletionStats;
  outputDirectory?: string;
  replicaHours?: number;
}

/** `max_replica_count`: "The default value is 10". */
export const defaultMaxReplicas = 10;
/** `batch_size`: "The default value is 64". */
export const defaultBatchSize = 64;

/** Whether a job has come to its end. */
export function isOver({ state }: JobRecord): boolean {
  return !["JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_CANCELLING"].includes(state);
}

/** `BatchPredictionJob` as Vertex AI answers it, defaults left out. */
export function jobResource(record: JobRecord): JsonObject {
  const { name, request, modelVersionId, state, error, partialFailures, stats, outputDirectory, replicaHours } = record;
  const { createTime, startTime, endTime, updateTime } = record;
  return {
    name,
    ...request,
    modelVersionId,
    state,
    createTime,
    ...(startTime !== undefined && { startTime }),
    ...(endTime !== undefined && { endTime }),
    updateTime,
    ...(error && { error }),
    ...(partialFailures && partialFailures.length > 0 && { partialFailures }),
    ...(outputDirectory !== undefined && { outputInfo: { gcsOutputDirectory: outputDirectory } }),
    ...(stats && { completionStats: statsResource(stats) }),
    ...(replicaHours !== undefined && { resourcesConsumed: { replicaHours } }),
  };
}

/** `CompletionStats`, whose int64s are text. */
function statsResource({ successful, failed, incomplete }: CompletionStats): JsonObject {
  return {
    ...(successful !== 0 && { successfulCount: String(successful) }),
    ...(failed !== 0 && { failedCount: String(failed) }),
    ...(incomplete !== 0 && { incompleteCount: String(incomplete) }),
  };
}
