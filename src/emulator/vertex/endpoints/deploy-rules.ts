/** What `deployModel` refuses at once, from the field descriptions of DeployModelRequest and DeployedModel. */
import type { JsonObject } from "../../proto/parse.js";
import { deployModelRequest } from "../messages/endpoint.js";
import { Violations } from "../violations.js";
import type { DedicatedResources } from "./endpoint-record.js";

const longestDisplayName = 128;
const path = "deployed_model";

/** "Supported metrics: For Online Prediction" of AutoscalingMetricSpec, those whose target is a percentage first. */
const percentages = [
  "aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle",
  "aiplatform.googleapis.com/prediction/online/cpu/utilization",
  "prometheus.googleapis.com/vertex_dcgm_fi_dev_gpu_util",
  "prometheus.googleapis.com/vertex_vllm_gpu_cache_usage_perc",
];
const counts = [
  "aiplatform.googleapis.com/prediction/online/request_count",
  "pubsub.googleapis.com/subscription/num_undelivered_messages",
  "prometheus.googleapis.com/vertex_vllm_num_requests_waiting",
];

/** @throws GoogleError INVALID_ARGUMENT naming every field in error. */
export function checkDeploy(request: JsonObject): void {
  const violations = new Violations();
  violations.required(deployModelRequest, request);
  const deployed = request["deployedModel"] as JsonObject | undefined;
  if (deployed) checkDeployedModel(deployed, violations);
  violations.throwIfAny();
}

function checkDeployedModel(deployed: JsonObject, violations: Violations): void {
  const { model, displayName, dedicatedResources, automaticResources } = deployed;
  const id = deployed["id"] as string | undefined;
  if (model === undefined) violations.add(`${path}.model`, "Required field is not set.");
  if (id !== undefined && !/^\d{1,10}$/.test(id)) {
    violations.add(`${path}.id`, `Must be 1 to 10 digits, got "${id}".`);
  }
  if (id === "0") violations.add(`${path}.id`, '"0" stands for the model that is being deployed in a traffic split.');
  if (Array.from((displayName as string | undefined) ?? "").length > longestDisplayName) {
    violations.add(`${path}.display_name`, `The display name must be no longer than ${longestDisplayName} characters.`);
  }
  if (automaticResources !== undefined) {
    violations.add(
      `${path}.automatic_resources`,
      "'automatic_resources' is not supported for Models with a custom container; use 'dedicated_resources'.",
    );
  } else if (dedicatedResources === undefined) {
    violations.add(`${path}.dedicated_resources`, "Required field is not set.");
  }
  if (dedicatedResources !== undefined) checkResources(dedicatedResources as Partial<DedicatedResources>, violations);
}

/** Replica counts and machine, in a deploy request or after a mutation. */
export function checkResources(resources: Partial<DedicatedResources>, violations: Violations): void {
  const at = `${path}.dedicated_resources`;
  const { machineSpec, minReplicaCount = 0, maxReplicaCount = minReplicaCount } = resources;
  if (machineSpec && machineSpec.machineType === undefined) {
    violations.add(`${at}.machine_spec.machine_type`, "Required field is not set.");
  }
  if (machineSpec?.acceleratorType !== undefined && (machineSpec.acceleratorCount ?? 0) < 1) {
    violations.add(`${at}.machine_spec.accelerator_count`, "Must be at least 1 with an accelerator_type.");
  }
  if (minReplicaCount < 1) {
    violations.add(`${at}.min_replica_count`, "Must be greater than or equal to 1.");
  }
  if (maxReplicaCount < minReplicaCount) {
    violations.add(`${at}.max_replica_count`, "Must not be smaller than min_replica_count.");
  }
  checkMetrics(resources.autoscalingMetricSpecs ?? [], `${at}.autoscaling_metric_specs`, violations);
}

function checkMetrics(
  specs: NonNullable<DedicatedResources["autoscalingMetricSpecs"]>,
  at: string,
  violations: Violations,
): void {
  for (const [index, { metricName, target = 60 }] of specs.entries()) {
    const known = [...percentages, ...counts];
    if (metricName !== undefined && !known.includes(metricName)) {
      violations.add(`${at}[${index}].metric_name`, `"${metricName}" is none of ${known.join(", ")}.`);
    }
    if (specs.findIndex((each) => each.metricName === metricName) < index) {
      violations.add(`${at}[${index}].metric_name`, `At most one entry is allowed per metric: "${metricName}".`);
    }
    if (target < 1) violations.add(`${at}[${index}].target`, "Must be at least 1.");
    if (target > 100 && percentages.includes(metricName)) {
      violations.add(`${at}[${index}].target`, "Must be at most 100, a percentage.");
    }
  }
}
