import { DeploymentError } from "../../../core/errors.js";
import type { Endpoint } from "../../../core/services.js";
import { sameSplit, splitWith, type TrafficSplit } from "../../../rollout/traffic-split.js";
import type { Call } from "../call.js";

/** So often the endpoint may be changed by others between the read and the write of one change of its traffic. */
const attempts = 8;

/** Whose traffic is changed. */
interface TrafficTarget {
  endpointId: string;
  /** The deployment's name. */
  name: string;
  /** The deployed model that gets all of the deployment's share; null when the deployment is to have none. */
  deployedModelId: string | null;
}

/**
 * Gives a deployment its share of an endpoint's traffic, all of it to one of its deployed models. The others keep their
 * proportions in the rest.
 *
 * @param percentOf - The share, from the endpoint as it is at that moment; null leaves all as it is.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when the endpoint is gone, `FAILED_PRECONDITION` when nobody could take
 * the rest.
 */
export async function shiftTraffic(
  target: TrafficTarget,
  percentOf: (endpoint: Endpoint) => number | null,
  call: Call,
): Promise<Endpoint> {
  const { endpointId, name, deployedModelId } = target;
  const { endpointManager } = call.services;
  for (let attempt = 1; ; attempt++) {
    const endpoint = await endpointManager.find(endpointId, call.context);
    if (!endpoint) throw gone(name);
    const percent = percentOf(endpoint);
    const wanted = percent === null ? endpoint.trafficSplit : wantedSplit(endpoint, target, percent);
    const who = versionOf(endpoint, deployedModelId);
    if (sameSplit(endpoint.trafficSplit, wanted)) {
      report(call, "skipped", `${who} has ${share(wanted, deployedModelId)} of the traffic`);
      return endpoint;
    }
    try {
      const changed = await endpointManager.setTraffic(endpoint, wanted, call.context);
      report(call, "done", `${who} gets ${share(wanted, deployedModelId)} of the traffic`);
      return changed;
    } catch (error) {
      // somebody else has changed the endpoint: what they did stays, and ours is worked out anew
      if (!DeploymentError.is(error) || error.code !== "RESOURCE_CONFLICT" || attempt >= attempts) throw error;
    }
  }
}

/** A deployment's share of an endpoint's traffic. */
export function shareOf(endpoint: Endpoint, name: string): number {
  return endpoint.deployedModels
    .filter((model) => model.displayName === name)
    .reduce((sum, model) => sum + model.trafficPercent, 0);
}

function wantedSplit(endpoint: Endpoint, { name, deployedModelId }: TrafficTarget, percent: number): TrafficSplit {
  const others = endpoint.deployedModels.filter((model) => model.displayName !== name);
  const serving = others.filter((model) => model.trafficPercent > 0);
  const shares = (serving.length > 0 ? serving : others).map((model) => [model.id, model.trafficPercent] as const);
  const split = splitWith(Object.fromEntries(shares), deployedModelId, percent);
  if (split) return split;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `No other deployment on the endpoint ${endpoint.id} could take the other ${100 - percent}% of its traffic. Deploy another one to it first, or leave trafficPercent out.`,
  );
}

function share(split: TrafficSplit, id: string | null): string {
  const percent = id === null ? 0 : (split[id] ?? 0);
  return percent === 100 ? "all" : percent === 0 ? "none" : `${percent}%`;
}

function versionOf(endpoint: Endpoint, id: string | null): string {
  const versionId = endpoint.deployedModels.find((model) => model.id === id)?.modelVersionId;
  return versionId ? `version ${versionId}` : (id ?? "it");
}

function report({ context }: Call, status: "done" | "skipped", message: string): void {
  context.report({ type: "step", step: "traffic", status, message });
}

function gone(name: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `The endpoint of the deployment "${name}" is gone: it was deleted elsewhere. Run the same call again.`,
  );
}
