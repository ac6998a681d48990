import type { DeployedModel } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { Endpoint, EndpointChange, ModelVersion } from "../../../core/services.js";
import { type StepLimits, waitFor } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import type { SettingName } from "../config/settings.js";
import { scalingOf } from "../deploy/scaling.js";
import { deploymentLabels } from "../spec.js";
import type { Change } from "./find-change.js";

/** What is changed while it serves. */
interface Serving {
  name: string;
  endpoint: Endpoint;
  /** Whether others are on the endpoint too: then it is not this deployment's to change. */
  shared: boolean;
  deployed: DeployedModel;
  version: ModelVersion;
  /** Whether the deployed model was made with the settings as they are now. */
  isNew: boolean;
}

/** So often the endpoint may be changed by others between the read and the write of one change. */
const attempts = 8;

const scaled: readonly SettingName[] = [
  "minReplicaCount",
  "maxReplicaCount",
  "autoscalingTargetCpuUtilization",
  "autoscalingTargetAcceleratorDutyCycle",
  "autoscalingTargetRequestCountPerMinute",
];

/** Changes what can change while it serves: replicas, autoscaling, labels, and what an endpoint of its own has. */
export async function changeInPlace(serving: Serving, change: Change, call: Call, limits: StepLimits): Promise<void> {
  const { inPlace, spec } = change;
  const { endpointManager, versionManager, names } = call.services;
  const { context, settings } = call;
  const done = (message: string) => context.report({ type: "step", step: "settings", status: "done", message });

  if (!serving.isNew && inPlace.some((name) => scaled.includes(name))) {
    const scaling = scalingOf(settings);
    const operation = await endpointManager.scale(serving.endpoint, serving.deployed.id, scaling, context);
    await waitFor(operation, { step: "settings" }, context, limits);
    done(`${scaling.minReplicaCount} to ${scaling.maxReplicaCount} replicas`);
  }
  if (inPlace.includes("labels")) {
    const labels = deploymentLabels(serving.name, settings, names, spec);
    // the version was made of the spec that its own labels say
    const own = { ...labels, ...pick(serving.version.labels, ["spec-hash", "environment-hash"]) };
    await versionManager.setLabels(serving.version, own, context);
    done(`the labels of version ${serving.version.versionId}`);
  }
  const endpointChange = serving.shared ? {} : ownEndpointChange(serving.name, inPlace, call);
  if (Object.keys(endpointChange).length > 0) {
    await updateEndpointTo(serving.endpoint.id, endpointChange, call);
    done(`the endpoint ${serving.endpoint.id}`);
  }
}

/**
 * Changes an endpoint, from what it is at that moment.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when it is gone.
 */
export async function updateEndpointTo(id: string, change: EndpointChange, call: Call): Promise<Endpoint> {
  const { endpointManager } = call.services;
  for (let attempt = 1; ; attempt++) {
    const endpoint = await endpointManager.find(id, call.context);
    if (!endpoint) throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `The endpoint ${id} was deleted meanwhile.`);
    try {
      return await endpointManager.update(endpoint, change, call.context);
    } catch (error) {
      if (!DeploymentError.is(error) || error.code !== "RESOURCE_CONFLICT" || attempt >= attempts) throw error;
    }
  }
}

function ownEndpointChange(
  name: string,
  inPlace: readonly SettingName[],
  { settings, services }: Call,
): EndpointChange {
  return {
    ...(inPlace.includes("labels") && { labels: deploymentLabels(name, settings, services.names) }),
    ...(inPlace.includes("endpointDescription") && { description: settings.endpointDescription ?? "" }),
    ...(inPlace.includes("inferenceTimeout") &&
      settings.inferenceTimeout !== undefined && { inferenceTimeout: settings.inferenceTimeout }),
  };
}

function pick(labels: Record<string, string>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}
