import { sortedByName } from "../../core/sorted-by-name.js";
import { DeploymentError } from "../../core/errors.js";
import { canonicalJson } from "../../core/hash.js";
import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import type { Memory } from "./deploy.js";
import { describeEndpoint } from "./describe.js";
import type { InMemoryConfig } from "./options.js";
import type { MemoryEndpoint, MemoryState } from "./state.js";
import { checkedSplit, TrafficRouter } from "./traffic.js";
import { checkedName, settingsOf } from "./wanted.js";

/** Makes an endpoint that deployments share; made again with the same settings, it is returned. */
export function createEndpoint(name: string, config: InMemoryConfig | undefined, memory: Memory): ServingEndpoint {
  const { state } = memory;
  const id = checkedName(name);
  const settings = settingsOf(config);
  const existing = state.endpoints.get(id);
  if (existing && (!existing.shared || canonicalJson(existing.settings) !== canonicalJson(settings))) {
    throw new DeploymentError(
      "RESOURCE_ALREADY_EXISTS",
      `Another endpoint "${id}" is there already. Choose another name, or call updateEndpoint.`,
    );
  }
  const made = { id, shared: true, settings, traffic: {}, router: new TrafficRouter(), createTime: memory.now() };
  const endpoint = existing ?? made;
  state.endpoints.set(id, endpoint);
  return describeEndpoint(endpoint, state);
}

/** Changes the traffic split and the settings that are named. */
export function updateEndpoint(name: string, config: InMemoryConfig | undefined, state: MemoryState): ServingEndpoint {
  const endpoint = shared(name, state);
  const names = state.on(endpoint).map((deployment) => deployment.name);
  if (config?.trafficSplit !== undefined) endpoint.traffic = checkedSplit(config.trafficSplit, names);
  endpoint.settings = { ...endpoint.settings, ...settingsOf(config) };
  return describeEndpoint(endpoint, state);
}

/** Deletes an endpoint on which nothing is. Does nothing where there is none. */
export function deleteEndpoint(name: string, state: MemoryState): void {
  const existing = listEndpoints(state).find(({ id, resourceName }) => id === name || resourceName === name);
  if (!existing) return;
  const endpoint = shared(existing.id, state);
  const names = state.on(endpoint).map((deployment) => deployment.name);
  if (names.length > 0) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The endpoint "${endpoint.id}" has deployments: ${names.join(", ")}. Delete them first.`,
    );
  }
  state.endpoints.delete(endpoint.id);
}

/** The endpoints that `createEndpoint` has made: not a deployment's own. */
export function listEndpoints(state: MemoryState): ServingEndpoint[] {
  const all = [...state.endpoints.values()].filter((endpoint) => endpoint.shared);
  return sortedByName(all.map((endpoint) => describeEndpoint(endpoint, state)));
}

/** One endpoint that `createEndpoint` has made. */
export function getEndpoint(name: string, state: MemoryState): ServingEndpoint {
  return describeEndpoint(shared(name, state), state);
}

function shared(name: string, state: MemoryState): MemoryEndpoint {
  const endpoint = state.endpoint(name);
  if (endpoint.shared) return endpoint;
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no endpoint "${name}" that deployments share: it is a deployment's own.`,
  );
}
