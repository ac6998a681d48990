/** `projects.locations.endpoints`, but for predictions. */
import { randomInt } from "node:crypto";

import { aborted, alreadyExists, failedPrecondition } from "../../google-error.js";
import type { EmulatorRequest, Route } from "../../http.js";
import type { OperationResource, Operations } from "../../operations.js";
import { updatePaths } from "../field-mask.js";
import { listPage } from "../list-page.js";
import type { Location, Locations } from "../locations.js";
import { endpointMessage } from "../messages/endpoint.js";
import { applyMask } from "../../proto/field-mask.js";
import { type JsonObject, parseMessage } from "../../proto/parse.js";
import { emptyResponse, operationMetadata, operationResponse } from "../operation-metadata.js";
import { checkNaming } from "../resource-rules.js";
import { requiredField, Violations } from "../violations.js";
import type { EndpointAddresses } from "./addresses.js";
import type { Deployments } from "./deployments.js";
import { type EndpointRecord, endpointResource } from "./endpoint-record.js";
import type { EndpointStore } from "./endpoint-store.js";
import { checkSplit } from "./traffic.js";

export interface EndpointRoutesDependencies {
  locations: Locations;
  operations: Operations;
  endpoints: EndpointStore;
  deployments: Deployments;
  addresses: EndpointAddresses;
}

const one = "/endpoints/(?<endpoint>[^/:]+)";
const updatable = [
  "displayName",
  "description",
  "labels",
  "trafficSplit",
  "clientConnectionConfig",
  "clientConnectionConfig.inferenceTimeout",
];
/** The longest `inferenceTimeout` of a dedicated endpoint, in seconds. */
const longestInference = 3600;

const nameOf = (request: EmulatorRequest, location: Location) =>
  `${location.name}/endpoints/${request.param("endpoint")}`;

export function endpointRoutes(deps: EndpointRoutesDependencies): Route[] {
  const { locations, endpoints, deployments } = deps;
  const resource = (record: EndpointRecord) => endpointResource(record, deps.addresses);
  const creating = new Set<string>();
  return [
    locations.route("POST", "/endpoints", async (request, location) => ({
      json: create(deps, creating, resource, location, await request.json(), request.query),
    })),
    locations.route("GET", "/endpoints", ({ query }, location) => ({
      json: listPage(endpoints.inLocation(location.name).map(resource), query, {
        key: "endpoints",
        idField: "endpoint",
      }),
    })),
    locations.route("GET", one, (request, location) => ({ json: resource(endpoints.get(nameOf(request, location))) })),
    locations.route("PATCH", one, async (request, location) => {
      const body = parseMessage(endpointMessage, await request.json(), "endpoint");
      return { json: resource(patch(endpoints, nameOf(request, location), body, request.query.get("updateMask"))) };
    }),
    locations.route("DELETE", one, (request, location) => ({ json: remove(deps, nameOf(request, location)) })),
    locations.route("POST", `${one}:deployModel`, async (request, location) => ({
      json: deployments.deploy(nameOf(request, location), await request.json(), location),
    })),
    locations.route("POST", `${one}:undeployModel`, async (request, location) => ({
      json: deployments.undeploy(nameOf(request, location), await request.json()),
    })),
    locations.route("POST", `${one}:mutateDeployedModel`, async (request, location) => ({
      json: deployments.mutate(nameOf(request, location), await request.json()),
    })),
  ];
}

function create(
  { endpoints, operations }: EndpointRoutesDependencies,
  creating: Set<string>,
  resource: (record: EndpointRecord) => JsonObject,
  location: Location,
  body: unknown,
  query: URLSearchParams,
): OperationResource {
  const endpoint = parseMessage(endpointMessage, body, "endpoint");
  const wantedId = query.get("endpointId") ?? query.get("endpoint_id") ?? undefined;
  checkEndpoint(endpoint, wantedId);
  const name = `${location.name}/endpoints/${wantedId ?? String(randomInt(10 ** 14)).padStart(19, "1")}`;
  if (endpoints.has(name) || creating.has(name)) throw alreadyExists(`The Endpoint "${name}" already exists.`);
  creating.add(name);
  const work = async () => {
    const { trafficSplit: _none, etag: _asked, ...fields } = endpoint;
    const record = endpoints.create({
      ...(fields as Partial<EndpointRecord>),
      name,
      displayName: fields["displayName"] as string,
    });
    return operationResponse("Endpoint", resource(record));
  };
  return operations.start({ parent: name }, operationMetadata("CreateEndpoint"), work, () => creating.delete(name));
}

function checkEndpoint(endpoint: JsonObject, id: string | undefined): void {
  const violations = new Violations();
  violations.required(endpointMessage, endpoint, "endpoint");
  checkFields(endpoint, violations);
  checkNetwork(endpoint, violations);
  if (id !== undefined && !/^(?:[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8})$/.test(id)) {
    violations.add(
      "endpoint_id",
      `"${id}" must be at most 63 characters of [a-z0-9-] that begin with a letter and don't end with a hyphen, or at most 9 digits without a leading zero.`,
    );
  }
  if (Object.keys(endpoint["trafficSplit"] ?? {}).length > 0) {
    violations.add("endpoint.traffic_split", "A new Endpoint has no DeployedModel that could have traffic.");
  }
  violations.throwIfAny();
}

function checkFields(endpoint: JsonObject, violations: Violations): void {
  checkNaming(endpoint, "endpoint", violations);
  const { inferenceTimeout = "1s" } = (endpoint["clientConnectionConfig"] ?? {}) as { inferenceTimeout?: string };
  const seconds = Number.parseFloat(inferenceTimeout);
  if (seconds <= 0 || seconds > longestInference) {
    violations.add(
      "endpoint.client_connection_config.inference_timeout",
      `Must be more than 0 and at most ${longestInference} seconds.`,
    );
  }
}

/** An endpoint in a network is reached there alone. */
function checkNetwork(endpoint: JsonObject, violations: Violations): void {
  const network = endpoint["network"] as string | undefined;
  if (network === undefined) return;
  if (!/^projects\/\d+\/global\/networks\/[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(network)) {
    violations.add("endpoint.network", `Expected projects/PROJECT_NUMBER/global/networks/NETWORK, got "${network}".`);
  }
  if (endpoint["dedicatedEndpointEnabled"]) {
    violations.add("endpoint.dedicated_endpoint_enabled", "Can't be set together with network.");
  }
}

function patch(endpoints: EndpointStore, name: string, body: JsonObject, mask: string | null): EndpointRecord {
  const current = endpoints.get(name);
  const violations = new Violations();
  checkFields(body, violations);
  violations.throwIfAny();
  const paths = updatePaths(mask, updatable);
  if (paths.includes("displayName") && body["displayName"] === undefined) throw requiredField("endpoint.display_name");
  if (body["etag"] !== undefined && body["etag"] !== current.etag) {
    throw aborted(`The etag of Endpoint ${name} does not match: it was changed meanwhile. Read it again.`);
  }
  const split = (body["trafficSplit"] ?? {}) as Record<string, number>;
  if (paths.includes("trafficSplit") && Object.keys(split).length > 0) {
    const ids = current.deployedModels.map((each) => each.id);
    checkSplit(split, ids);
  }
  const source = { ...body, trafficSplit: split };
  return endpoints.update(name, (each) => applyMask({ ...each }, source, paths) as unknown as EndpointRecord);
}

function remove({ endpoints, deployments, operations }: EndpointRoutesDependencies, name: string): OperationResource {
  const check = () => {
    if (deployments.uses(name)) throw failedPrecondition("Endpoint has deployed or being-deployed DeployedModel(s)");
  };
  check();
  return operations.start({ parent: name }, operationMetadata("Delete"), async () => {
    check();
    endpoints.delete(name);
    return emptyResponse;
  });
}
