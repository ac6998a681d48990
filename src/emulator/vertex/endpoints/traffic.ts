/** Traffic splits: the rules of `Endpoint.trafficSplit`, `DeployModelRequest` and `UndeployModelRequest`. */
import { failedPrecondition, invalidArgument } from "../../google-error.js";
import type { EndpointRecord, TrafficSplit } from "./endpoint-record.js";

/** In a deploy request, the model that is being deployed. */
const deploying = "0";

/**
 * @param ids The DeployedModels that may have a share.
 * @throws GoogleError INVALID_ARGUMENT for an unknown id, a share outside 0 to 100, or a sum that is not 100.
 */
export function checkSplit(split: TrafficSplit, ids: readonly string[]): void {
  const unknown = Object.keys(split).find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw invalidArgument(`The traffic split names DeployedModel "${unknown}", which is not deployed.`);
  if (Object.values(split).some((share) => share < 0 || share > 100)) {
    throw invalidArgument("Traffic split percentages must be between 0 and 100.");
  }
  const sum = Object.values(split).reduce((total, share) => total + share, 0);
  if (sum !== 100) throw invalidArgument(`Traffic split percentages must add up to 100, got ${sum}.`);
}

/** The split once the model is deployed. An empty one in the request leaves the endpoint's as it is. */
export function splitAfterDeploy(endpoint: EndpointRecord, requested: TrafficSplit, id: string): TrafficSplit {
  if (Object.keys(requested).length === 0) return endpoint.trafficSplit;
  checkSplit(requested, [...endpoint.deployedModels.map((each) => each.id), deploying]);
  const { [deploying]: share, ...others } = requested;
  return share === undefined ? others : { ...others, [id]: share };
}

/**
 * The split once a model is undeployed, which must have no share by then. The last one leaves an empty split.
 *
 * @throws GoogleError FAILED_PRECONDITION when the model has traffic and the request does not give it away.
 */
export function splitAfterUndeploy(
  endpoint: EndpointRecord,
  requested: TrafficSplit | undefined,
  id: string,
): TrafficSplit {
  const remaining = endpoint.deployedModels.map((each) => each.id).filter((each) => each !== id);
  if (remaining.length === 0) return {};
  if (requested) checkSplit(requested, [...remaining, id]);
  const { [id]: share = 0, ...others } = requested ?? endpoint.trafficSplit;
  if (share > 0) {
    throw failedPrecondition(
      `DeployedModel "${id}" has ${share}% of the traffic of ${endpoint.name}: give it to others in traffic_split, or by updating the Endpoint first.`,
    );
  }
  return others;
}

/** Picks a DeployedModel with the odds of the split. @param random In [0, 1). */
export function pick(split: TrafficSplit, random: number): string | undefined {
  let rest = random * 100;
  for (const [id, share] of Object.entries(split)) {
    rest -= share;
    if (rest < 0) return id;
  }
  return undefined;
}
