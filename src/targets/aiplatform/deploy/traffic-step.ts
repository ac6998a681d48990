import { DeploymentError } from "../../../core/errors.js";
import type { Endpoint } from "../../../core/services.js";
import { sameSplit, splitWith, type TrafficSplit } from "../../../rollout/traffic-split.js";
import type { Call } from "../call.js";
import { changeEndpoint } from "../change-endpoint.js";

/** Whose traffic is changed. */
interface TrafficTarget {
  endpointId: string;
  /** The deployment's name. */
  name: string;
  /** The deployed model that gets all of the deployment's share; null when the deployment is to have none. */
  deployedModelId: string | null;
  /** Whether it was deployed just now, perhaps with all the traffic. */
  isNew?: boolean;
}

/**
 * Gives a deployment its share of an endpoint's traffic, all of it to one of its deployed models. The others keep their
 * proportions in the rest.
 *
 * @param percentOf - The share, from the endpoint as it is at that moment; null leaves all as it is.
 * @param confirmLock - Called before the request; rejects where another process has taken the deployment's lock.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when the endpoint is gone, `RESOURCE_CONFLICT` when the deployed model is,
 * `FAILED_PRECONDITION` when nobody could take the rest.
 */
export function shiftTraffic(
  target: TrafficTarget,
  percentOf: (endpoint: Endpoint) => number | null,
  confirmLock: () => Promise<void>,
  call: Call,
): Promise<Endpoint> {
  const { endpointId, name, deployedModelId } = target;
  const change = async (endpoint: Endpoint) => {
    if (deployedModelId !== null && !isOn(endpoint, deployedModelId)) throw undeployed(name, deployedModelId);
    const percent = percentOf(endpoint);
    const wanted = percent === null ? endpoint.trafficSplit : wantedSplit(endpoint, target, percent);
    const who = versionOf(endpoint, deployedModelId);
    if (sameSplit(endpoint.trafficSplit, wanted)) {
      const isNews = target.isNew && deployedModelId !== null && (wanted[deployedModelId] ?? 0) > 0;
      report(call, isNews ? "done" : "skipped", `${who} has ${share(wanted, deployedModelId)} of the traffic`);
      return endpoint;
    }
    await confirmLock();
    const changed = await call.services.endpointManager.setTraffic(endpoint, wanted, call.context);
    report(call, "done", `${who} gets ${share(wanted, deployedModelId)} of the traffic`);
    return changed;
  };
  return changeEndpoint(endpointId, change, call);
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

function isOn(endpoint: Endpoint, id: string): boolean {
  return endpoint.deployedModels.some((model) => model.id === id);
}

function undeployed(name: string, id: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_CONFLICT",
    `The new deployed model ${id} of "${name}" is gone: somebody undeployed it meanwhile. Run the same call again.`,
  );
}
