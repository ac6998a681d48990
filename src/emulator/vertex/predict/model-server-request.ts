/** Sends requests to the server of the DeployedModel that the traffic split, or the request itself, picks. */
import { failedPrecondition, GoogleError, notFound } from "../../google-error.js";
import type { DeployedModel, EndpointRecord } from "../endpoints/endpoint-record.js";
import type { EndpointStore } from "../endpoints/endpoint-store.js";
import type { ServerUse } from "../endpoints/model-server.js";
import type { ModelServers } from "../endpoints/model-servers.js";
import { healthRoute, predictRoute } from "../endpoints/service-environment.js";
import { pick } from "../endpoints/traffic.js";
import type { ModelStore } from "../models/model-store.js";
import type { ModelVersion } from "../models/model-record.js";
import { limitsOf } from "./limits.js";

export interface PredictionDependencies {
  models: ModelStore;
  endpoints: EndpointStore;
  servers: ModelServers;
}

/** Which of an endpoint's models a request goes to. @throws GoogleError when there is none. */
export type Choice = (endpoint: EndpointRecord) => DeployedModel;

/** The server that was picked for a request, and stays up until `done`. */
export interface PickedServer {
  deployed: DeployedModel;
  served: ModelVersion;
  /** @throws GoogleError DEADLINE_EXCEEDED, UNAVAILABLE when the server can't be reached. */
  predict(request: { body: Buffer | string; contentType: string }): Promise<Response>;
  /** The server's health check. @throws GoogleError as `predict`. */
  health(): Promise<Response>;
  /** The answers have been read. */
  done: () => void;
}

/** By the odds of the traffic split. */
export const byTraffic: Choice = (endpoint) => {
  const id = pick(endpoint.trafficSplit, Math.random());
  const deployed = endpoint.deployedModels.find((each) => each.id === id);
  if (!deployed) throw failedPrecondition(`Endpoint ${endpoint.name} doesn't have traffic_split.`);
  return deployed;
};

export const byId =
  (id: string): Choice =>
  (endpoint) => {
    const deployed = endpoint.deployedModels.find((each) => each.id === id);
    if (!deployed) throw notFound(`DeployedModel "${id}" is not found in Endpoint ${endpoint.name}.`);
    return deployed;
  };

/**
 * Takes hold of a server. The endpoint is looked at now, not as the request began: whatever was undeployed meanwhile is
 * not picked, and what is undeployed while its server is waited for is left for another.
 *
 * @param endpoint Its name.
 * @param signal Aborted when the client goes away.
 * @throws GoogleError FAILED_PRECONDITION without traffic, DEADLINE_EXCEEDED, UNAVAILABLE when no server answers.
 */
export async function pickServer(
  { models, endpoints, servers }: PredictionDependencies,
  endpoint: string,
  choose: Choice,
  signal: AbortSignal,
): Promise<PickedServer> {
  const timeout = AbortSignal.timeout(limitsOf(endpoints.get(endpoint)).timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  for (;;) {
    const deployed = choose(endpoints.get(endpoint));
    const served = models.version(`${deployed.model}@${deployed.modelVersionId}`);
    const use = servers.use(endpoint, deployed.id);
    const address = await addressOf(use, either).catch((error: unknown) => {
      use?.done();
      if (use?.isLeaving && !either.aborted) return undefined;
      throw unanswered(deployed, error, timeout);
    });
    if (use === undefined || address === undefined) continue;
    const deployment = { endpoint, deployed, version: served.version };
    const ask = (route: string, init: RequestInit) =>
      fetch(`${address}${route}`, { ...init, redirect: "manual", signal: either }).catch((error: unknown) => {
        throw unanswered(deployed, error, timeout);
      });
    return {
      deployed,
      served,
      predict: ({ body, contentType }) =>
        ask(predictRoute(deployment), { method: "POST", headers: { "content-type": contentType }, body }),
      health: () => ask(healthRoute(deployment), {}),
      done: () => use.done(),
    };
  }
}

async function addressOf(use: ServerUse | undefined, signal: AbortSignal): Promise<string> {
  if (!use) throw new Error("it has no server");
  return use.address(signal);
}

function unanswered({ id }: DeployedModel, error: unknown, timeout: AbortSignal): GoogleError {
  return timeout.aborted
    ? new GoogleError(504, "DEADLINE_EXCEEDED", `The model server of DeployedModel ${id} did not answer in time.`)
    : new GoogleError(503, "UNAVAILABLE", `The model server of DeployedModel ${id} can't be reached: ${String(error)}`);
}
