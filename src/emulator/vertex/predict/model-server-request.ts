/** Sends a prediction to the server of the DeployedModel that the traffic split picks. */
import { failedPrecondition, GoogleError } from "../../google-error.js";
import { type DeployedModel, type EndpointRecord, idOf } from "../endpoints/endpoint-record.js";
import type { ModelServers } from "../endpoints/model-servers.js";
import { predictRoute } from "../endpoints/service-environment.js";
import { pick } from "../endpoints/traffic.js";
import type { ModelStore } from "../models/model-store.js";
import type { ModelVersion } from "../models/model-record.js";
import { limitsOf } from "./limits.js";

export interface PredictionDependencies {
  models: ModelStore;
  servers: ModelServers;
}

/** A model server's answer, and which model gave it. */
export interface Served {
  response: Response;
  deployed: DeployedModel;
  served: ModelVersion;
  /** `X-Vertex-AI-…`, as rawPredict answers them. */
  headers: Record<string, string>;
}

/**
 * @param signal Aborted when the client goes away.
 * @throws GoogleError FAILED_PRECONDITION without traffic, DEADLINE_EXCEEDED, UNAVAILABLE when the server can't be reached.
 */
export async function askModelServer(
  { models, servers }: PredictionDependencies,
  endpoint: EndpointRecord,
  request: { body: Buffer; contentType: string },
  signal: AbortSignal,
): Promise<Served> {
  const id = pick(endpoint.trafficSplit, Math.random());
  const deployed = endpoint.deployedModels.find((each) => each.id === id);
  if (!deployed) throw failedPrecondition(`Endpoint ${endpoint.name} doesn't have traffic_split.`);
  const served = models.version(`${deployed.model}@${deployed.modelVersionId}`);
  const timeout = AbortSignal.timeout(limitsOf(endpoint).timeoutMs);
  try {
    const either = AbortSignal.any([signal, timeout]);
    const address = await servers.address(endpoint.name, deployed.id, either);
    if (address === undefined) throw new Error("it has no server");
    const response = await fetch(
      `${address}${predictRoute({ endpoint: endpoint.name, deployed, version: served.version })}`,
      {
        method: "POST",
        headers: { "content-type": request.contentType },
        body: request.body,
        redirect: "manual",
        signal: either,
      },
    );
    const headers = { "x-vertex-ai-endpoint-id": idOf(endpoint.name), "x-vertex-ai-deployed-model-id": deployed.id };
    return { response, deployed, served, headers };
  } catch (error) {
    if (timeout.aborted)
      throw new GoogleError(
        504,
        "DEADLINE_EXCEEDED",
        `The model server of DeployedModel ${deployed.id} did not answer in time.`,
      );
    throw new GoogleError(
      503,
      "UNAVAILABLE",
      `The model server of DeployedModel ${deployed.id} can't be reached: ${String(error)}`,
    );
  }
}
