/** `PredictionService`: online predictions, on the shared host and on those of dedicated endpoints. */
import { Readable } from "node:stream";

import { failedPrecondition, notFound } from "../../google-error.js";
import type { EmulatorRequest, EmulatorResponse, Route } from "../../http.js";
import type { EndpointAddresses } from "../endpoints/addresses.js";
import { type EndpointRecord, idOf } from "../endpoints/endpoint-record.js";
import { explain } from "../explain/explain.js";
import type { Location, Locations } from "../locations.js";
import { checkSize, limitsOf } from "./limits.js";
import { byTraffic, pickServer, type PredictionDependencies } from "./model-server-request.js";
import { answeredPredictions, readPredictRequest } from "./prediction-body.js";

export interface PredictionRoutesDependencies extends PredictionDependencies {
  locations: Locations;
  addresses: EndpointAddresses;
}

type Method = (
  deps: PredictionRoutesDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
) => Promise<EmulatorResponse>;

const methods: Readonly<Record<string, Method>> = {
  predict,
  rawPredict,
  streamRawPredict,
  explain: async (deps, endpoint, request) => {
    if (!endpoint.dedicatedEndpointEnabled) return explain(deps, endpoint, request);
    throw failedPrecondition(`Endpoint ${endpoint.name} is a dedicated endpoint, which does not support explanations.`);
  },
};

export function predictionRoutes(deps: PredictionRoutesDependencies): Route[] {
  const { locations } = deps;
  return Object.entries(methods).flatMap(([name, method]) => {
    const path = `/endpoints/(?<endpoint>[^/:]+):${name}`;
    const handle = (request: EmulatorRequest, location: Location) =>
      method(deps, addressed(deps, request, location), request);
    return [
      locations.route("POST", path, handle),
      locations.route("POST", path, handle, "/dedicated/(?<dedicated>[^/]+)/v1"),
    ];
  });
}

/** The endpoint, which must be asked on its own kind of host. */
function addressed(
  { endpoints, addresses }: PredictionRoutesDependencies,
  request: EmulatorRequest,
  location: Location,
): EndpointRecord {
  const endpoint = endpoints.get(`${location.name}/endpoints/${request.param("endpoint")}`);
  const host = request.params["dedicated"];
  if (host !== undefined && (!endpoint.dedicatedEndpointEnabled || host !== idOf(endpoint.name))) {
    throw notFound(`There is no dedicated endpoint ${endpoint.name} at this host.`);
  }
  if (host === undefined && endpoint.dedicatedEndpointEnabled) {
    throw failedPrecondition(
      "Dedicated Endpoint cannot be accessed through the shared Vertex AI domain aiplatform.googleapis.com. " +
        `Please access the endpoint using its dedicated domain name '${addresses.dedicatedDns(endpoint.name)}'`,
    );
  }
  if (endpoint.network !== undefined) {
    throw failedPrecondition(
      `Endpoint ${endpoint.name} is private: it is reached from the network ${endpoint.network} alone, ` +
        "by the URIs in deployed_models.private_endpoints.",
    );
  }
  return endpoint;
}

async function predict(
  deps: PredictionRoutesDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const limits = limitsOf(endpoint);
  const body = await request.body();
  checkSize("request", body.length, limits);
  const sent = { body: JSON.stringify(readPredictRequest(body)), contentType: "application/json" };
  const picked = await pickServer(deps, endpoint.name, byTraffic, request.signal);
  try {
    const answered = await answeredPredictions(await picked.predict(sent), limits);
    const { deployed, served } = picked;
    return {
      json: {
        ...answered,
        deployedModelId: deployed.id,
        model: deployed.model,
        modelDisplayName: served.model.displayName,
        modelVersionId: deployed.modelVersionId,
      },
    };
  } finally {
    picked.done();
  }
}

/** The body goes to the container as it is, and so does the container's answer, its status included. */
async function rawPredict(
  deps: PredictionRoutesDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const { response, headers, done } = await ask(deps, endpoint, request);
  try {
    const body = Buffer.from(await response.arrayBuffer());
    checkSize("response", body.length, limitsOf(endpoint));
    return { status: response.status, headers, body };
  } finally {
    done();
  }
}

async function streamRawPredict(
  deps: PredictionRoutesDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  if (!endpoint.dedicatedEndpointEnabled) {
    throw failedPrecondition(
      "streamRawPredict of a custom-trained model needs a dedicated endpoint (dedicated_endpoint_enabled).",
    );
  }
  const { response, headers, done } = await ask(deps, endpoint, request);
  const body = response.body ? Readable.fromWeb(response.body) : Readable.from([]);
  body.once("close", done);
  return { status: response.status, headers, body };
}

async function ask(deps: PredictionRoutesDependencies, endpoint: EndpointRecord, request: EmulatorRequest) {
  const body = await request.body();
  checkSize("request", body.length, limitsOf(endpoint));
  const contentType = request.headers["content-type"] ?? "application/json";
  const picked = await pickServer(deps, endpoint.name, byTraffic, request.signal);
  try {
    const response = await picked.predict({ body, contentType });
    const headers = {
      "x-vertex-ai-endpoint-id": idOf(endpoint.name),
      "x-vertex-ai-deployed-model-id": picked.deployed.id,
      "content-type": response.headers.get("content-type") ?? "application/octet-stream",
    };
    return { response, headers, done: picked.done };
  } catch (error) {
    picked.done();
    throw error;
  }
}
