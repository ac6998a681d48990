/** The URIs of a private endpoint: from a peered network, a request goes to the model's server and not through an API. */
import { notFound } from "../../google-error.js";
import type { EmulatorRequest, EmulatorResponse, Route } from "../../http.js";
import type { EndpointRecord } from "../endpoints/endpoint-record.js";
import { explain } from "../explain/explain.js";
import type { Location, Locations } from "../locations.js";
import { checkSize, limitsOf } from "./limits.js";
import { byId, type PickedServer, pickServer, type PredictionDependencies } from "./model-server-request.js";

export interface PrivateRoutesDependencies extends PredictionDependencies {
  locations: Locations;
}

/** `DeployedModel.privateEndpoints`, as `EndpointAddresses` writes them. */
export function privateRoutes(deps: PrivateRoutesDependencies): Route[] {
  const model = "/endpoints/(?<endpoint>[^/:]+)/v1/models/(?<deployed>[^/:]+)";
  const route = (
    method: string,
    path: string,
    handle: (endpoint: EndpointRecord, request: EmulatorRequest) => Promise<EmulatorResponse>,
  ) =>
    deps.locations.route(
      method,
      path,
      (request, location) => handle(addressed(deps, request, location), request),
      "/private",
    );
  return [
    route("POST", `${model}:predict`, async (endpoint, request) => {
      const body = await request.body();
      checkSize("request", body.length, limitsOf(endpoint));
      const contentType = request.headers["content-type"] ?? "application/json";
      return passed(deps, endpoint, request, (server) => server.predict({ body, contentType }));
    }),
    route("POST", `${model}:explain`, (endpoint, request) =>
      explain(deps, endpoint, request, byId(request.param("deployed"))),
    ),
    route("GET", model, (endpoint, request) => passed(deps, endpoint, request, (server) => server.health())),
  ];
}

function addressed({ endpoints }: PrivateRoutesDependencies, request: EmulatorRequest, location: Location) {
  const endpoint = endpoints.get(`${location.name}/endpoints/${request.param("endpoint")}`);
  if (endpoint.network === undefined) throw notFound(`Endpoint ${endpoint.name} is not a private one.`);
  return endpoint;
}

/** The server's own answer: status, type and body. */
async function passed(
  deps: PrivateRoutesDependencies,
  endpoint: EndpointRecord,
  request: EmulatorRequest,
  ask: (server: PickedServer) => Promise<Response>,
): Promise<EmulatorResponse> {
  const server = await pickServer(deps, endpoint.name, byId(request.param("deployed")), request.signal);
  try {
    const response = await ask(server);
    const body = Buffer.from(await response.arrayBuffer());
    checkSize("response", body.length, limitsOf(endpoint));
    const type = response.headers.get("content-type");
    return { status: response.status, ...(type !== null && { headers: { "content-type": type } }), body };
  } finally {
    server.done();
  }
}
