/** What creating a BatchPredictionJob refuses at once, from the field descriptions of Google's discovery document. */
import { unimplemented } from "../../google-error.js";
import type { JsonObject } from "../../proto/parse.js";
import { parseGsUri } from "../../cloud-storage/gs-uri.js";
import { batchPredictionJobMessage } from "../messages/batch-prediction-job.js";
import { checkNaming } from "../resource-rules.js";
import { Violations } from "../violations.js";
import { defaultMaxReplicas, type InstanceConfig, type JobRequest } from "./job-record.js";

const path = "batch_prediction_job";

/** `supportedInputStorageFormats` of a model with a custom container, but for BigQuery. */
const inputFormats = ["jsonl", "csv", "file-list", "tf-record", "tf-record-gzip"];
const emulatedInputs = ["jsonl", "csv", "file-list"];

/**
 * @throws GoogleError INVALID_ARGUMENT naming every field in error, UNIMPLEMENTED for what Google has and the emulator
 * has not.
 */
export function checkJob(job: JsonObject): void {
  refuseBigQuery(job);
  const violations = new Violations();
  violations.required(batchPredictionJobMessage, job, path);
  checkNaming(job, path, violations);
  if (job["model"] === undefined) {
    violations.add(`${path}.model`, "Exactly one of model and unmanaged_container_model must be set.");
  }
  const { inputConfig, outputConfig, instanceConfig, dedicatedResources } = job as Partial<JobRequest>;
  if (inputConfig) checkInput(inputConfig, violations);
  if (outputConfig) checkOutput(outputConfig, violations);
  if (instanceConfig) checkInstances(instanceConfig, inputConfig?.instancesFormat, violations);
  checkResources(dedicatedResources, violations);
  const { batchSize = 1 } = (job as Partial<JobRequest>).manualBatchTuningParameters ?? {};
  if (batchSize < 1) {
    violations.add(`${path}.manual_batch_tuning_parameters.batch_size`, "Must be greater than or equal to 1.");
  }
  violations.throwIfAny();
  const format = inputConfig!.instancesFormat;
  if (!emulatedInputs.includes(format)) {
    throw unimplemented(`The emulator does not read instances_format "${format}": use ${emulatedInputs.join(", ")}.`);
  }
}

function refuseBigQuery(job: JsonObject): void {
  const input = (job["inputConfig"] ?? {}) as JsonObject;
  const output = (job["outputConfig"] ?? {}) as JsonObject;
  const isAsked =
    input["bigquerySource"] !== undefined ||
    input["instancesFormat"] === "bigquery" ||
    output["bigqueryDestination"] !== undefined ||
    output["predictionsFormat"] === "bigquery";
  if (!isAsked) return;
  throw unimplemented(
    "The emulator has no BigQuery: use gcs_source and gcs_destination with the format jsonl, see docs/emulator.md.",
  );
}

function checkInput({ instancesFormat, gcsSource }: Partial<JobRequest["inputConfig"]>, violations: Violations): void {
  const at = `${path}.input_config`;
  if (instancesFormat !== undefined && !inputFormats.includes(instancesFormat)) {
    violations.add(`${at}.instances_format`, `"${instancesFormat}" is none of ${inputFormats.join(", ")}, bigquery.`);
  }
  if (gcsSource === undefined) violations.add(`${at}.gcs_source`, "Required field is not set.");
  for (const [index, uri] of (gcsSource?.uris ?? []).entries()) {
    if (!parseGsUri(uri)?.object) {
      violations.add(`${at}.gcs_source.uris[${index}]`, `"${uri}" is not of the form gs://BUCKET/OBJECT.`);
    }
  }
}

function checkOutput(output: Partial<JobRequest["outputConfig"]>, violations: Violations): void {
  const at = `${path}.output_config`;
  const format: string | undefined = output.predictionsFormat;
  if (format !== undefined && format !== "jsonl") {
    violations.add(`${at}.predictions_format`, `"${format}" is none of jsonl, bigquery, which the Model supports.`);
  }
  if (output.gcsDestination === undefined) violations.add(`${at}.gcs_destination`, "Required field is not set.");
  const prefix = output.gcsDestination?.outputUriPrefix;
  if (prefix !== undefined && !parseGsUri(prefix)) {
    violations.add(`${at}.gcs_destination.output_uri_prefix`, `"${prefix}" is not of the form gs://BUCKET/DIRECTORY.`);
  }
}

function checkInstances(config: InstanceConfig, format: string | undefined, violations: Violations): void {
  const at = `${path}.instance_config`;
  const { instanceType, keyField, includedFields, excludedFields } = config;
  if (instanceType !== undefined && !["object", "array"].includes(instanceType)) {
    violations.add(`${at}.instance_type`, `"${instanceType}" is none of object, array.`);
  } else if (instanceType !== undefined && format !== "jsonl") {
    violations.add(`${at}.instance_type`, `"${instanceType}" does not apply to ${format}.`);
  }
  if (includedFields && excludedFields) {
    violations.add(`${at}.excluded_fields`, "Must be empty when included_fields is populated.");
  }
  for (const [name, given] of Object.entries({ included_fields: includedFields, excluded_fields: excludedFields })) {
    if (given && format !== "jsonl" && !format?.startsWith("tf-record")) {
      violations.add(`${at}.${name}`, `The input must be JSONL with objects at each line, not ${format}.`);
    }
  }
  if (keyField !== undefined && format === "file-list") {
    violations.add(`${at}.key_field`, "The input must be JSONL with objects at each line, or CSV, not file-list.");
  }
}

/** "If the Model doesn't support AUTOMATIC_RESOURCES, this config must be provided": so it is with custom containers. */
function checkResources(resources: JobRequest["dedicatedResources"] | undefined, violations: Violations): void {
  const at = `${path}.dedicated_resources`;
  if (resources === undefined) {
    violations.add(at, "Required: a Model with a custom container does not support automatic resources.");
    return;
  }
  const { machineSpec, startingReplicaCount, maxReplicaCount = defaultMaxReplicas } = resources;
  if (machineSpec && machineSpec.machineType === undefined) {
    violations.add(`${at}.machine_spec.machine_type`, "Required field is not set.");
  }
  if (machineSpec?.acceleratorType !== undefined && (machineSpec.acceleratorCount ?? 0) < 1) {
    violations.add(`${at}.machine_spec.accelerator_count`, "Must be at least 1 with an accelerator_type.");
  }
  if (maxReplicaCount < 1) violations.add(`${at}.max_replica_count`, "Must be greater than or equal to 1.");
  if (startingReplicaCount !== undefined && startingReplicaCount < 1) {
    violations.add(`${at}.starting_replica_count`, "Must be greater than or equal to 1.");
  }
  if (startingReplicaCount !== undefined && startingReplicaCount > maxReplicaCount) {
    violations.add(`${at}.starting_replica_count`, "Must not be greater than max_replica_count.");
  }
}
