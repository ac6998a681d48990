/** `PredictionService`: online predictions, on the shared host and on those of dedicated endpoints. */
import { Readable } from "node:stream";

import { failedPrecondition, notFound, unimplemented } from "../../google-error.js";
import type { EmulatorRequest, EmulatorResponse, Route } from "../../http.js";
import { type EndpointRecord, idOf } from "../endpoints/endpoint-record.js";
import type { EndpointStore } from "../endpoints/endpoint-store.js";
import type { Location, Locations } from "../locations.js";
import { checkSize, limitsOf } from "./limits.js";
import { askModelServer, type PredictionDependencies } from "./model-server-request.js";
import { predictionFailed, readPredictions, readPredictRequest } from "./prediction-body.js";

export interface PredictionRoutesDependencies extends PredictionDependencies {
  locations: Locations;
  endpoints: EndpointStore;
  dedicatedDns: (endpoint: string) => string;
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
  explain: async () => {
    throw unimplemented("The emulator does not explain predictions; Explainable AI ends on 2027-03-16.");
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
  { endpoints, dedicatedDns }: PredictionRoutesDependencies,
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
        `Please access the endpoint using its dedicated domain name '${dedicatedDns(endpoint.name)}'`,
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
  const sent = { body: Buffer.from(JSON.stringify(readPredictRequest(body))), contentType: "application/json" };
  const { response, deployed, served } = await askModelServer(deps, endpoint, sent, request.signal);
  const answer = await response.text();
  if (response.status !== 200)
    throw predictionFailed(answer.slice(0, 2000) || `the model server answered ${response.status}`);
  checkSize("response", Buffer.byteLength(answer), limits);
  return {
    json: {
      ...readPredictions(answer),
      deployedModelId: deployed.id,
      model: deployed.model,
      modelDisplayName: served.model.displayName,
      modelVersionId: deployed.modelVersionId,
    },
  };
}

/** The body goes to the container as it is, and so does the container's answer, its status included. */
async function rawPredict(
  deps: PredictionRoutesDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const { response, headers } = await ask(deps, endpoint, request);
  const body = Buffer.from(await response.arrayBuffer());
  checkSize("response", body.length, limitsOf(endpoint));
  return { status: response.status, headers, body };
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
  const { response, headers } = await ask(deps, endpoint, request);
  const body = response.body ? Readable.fromWeb(response.body) : Buffer.alloc(0);
  return { status: response.status, headers, body };
}

async function ask(deps: PredictionRoutesDependencies, endpoint: EndpointRecord, request: EmulatorRequest) {
  const body = await request.body();
  checkSize("request", body.length, limitsOf(endpoint));
  const contentType = request.headers["content-type"] ?? "application/json";
  const { response, headers } = await askModelServer(deps, endpoint, { body, contentType }, request.signal);
  return {
    response,
    headers: { ...headers, "content-type": response.headers.get("content-type") ?? "application/octet-stream" },
  };
}
