import { DeploymentError } from "../../core/errors.js";
import type { PredictionTarget } from "../../core/prediction-request.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";
import { endpointOfDeployment } from "./deployment-endpoint.js";
import { findEndpoint, noEndpoint } from "./endpoint-lookup.js";
import type { AiPlatformServices } from "./services.js";

interface Known {
  endpoint: Endpoint;
  /** When it was looked at. Milliseconds since the epoch. */
  at: number;
}

/** How long an endpoint is known before it is looked at again. */
const knownForMs = 5 * 60_000;
/** How long what is known of it is taken for its present state, by which a request may be refused. */
const currentForMs = 5000;

/** The serving endpoints that predictions went to, for each project and region: one prediction is one request. */
const known = new WeakMap<AiPlatformServices, Map<string, Known>>();

/**
 * The endpoint that answers a prediction, looked up once in a while.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `FAILED_PRECONDITION` for a deployment that has not all the traffic.
 */
export function predictionEndpoint(target: PredictionTarget, call: Call): Promise<Endpoint> {
  if ("deploymentName" in target) return endpointServing(target.deploymentName, call);
  return lookUp(`endpoint ${target.endpoint}`, call, () => endpointOf(target.endpoint, call));
}

/** Has the next prediction look at the endpoint again. */
export function forgetEndpoint(id: string, services: AiPlatformServices): void {
  const endpoints = known.get(services);
  for (const [key, { endpoint }] of endpoints ?? []) if (endpoint.id === id) endpoints?.delete(key);
}

/**
 * Looks at the endpoint again, unless it was looked at just now: before rows are refused by what is known of it, since another
 * process may have deployed another model.
 *
 * @returns Null where it is known to be as it was.
 */
export async function currentEndpoint(target: PredictionTarget, seen: Endpoint, call: Call): Promise<Endpoint | null> {
  const { clock } = call.services;
  const entries = [...(known.get(call.services)?.values() ?? [])];
  const found = entries.find(({ endpoint }) => endpoint === seen);
  if (!found || clock.now() - found.at < currentForMs) return null;
  forgetEndpoint(seen.id, call.services);
  return predictionEndpoint(target, call);
}

async function endpointOf(name: string, call: Call): Promise<Endpoint> {
  const endpoint = await findEndpoint(name, call);
  if (endpoint) return endpoint;
  throw noEndpoint(name);
}

async function endpointServing(name: string, call: Call): Promise<Endpoint> {
  const endpoint = await lookUp(`deployment ${name}`, call, () => endpointOfDeployment(name, call));
  const share = shareOf(endpoint, (model) => model.displayName === name);
  if (share === 100) return endpoint;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    share === 0
      ? `The deployment "${name}" serves nothing yet. Run its createDeployment again to go on with it.`
      : `The deployment "${name}" has ${share}% of the traffic of its endpoint, so that others may answer. Use endpoint: "${endpoint.id}" in place of deploymentName.`,
  );
}

async function lookUp(key: string, { services }: Call, find: () => Promise<Endpoint>): Promise<Endpoint> {
  const endpoints = known.get(services) ?? new Map<string, Known>();
  known.set(services, endpoints);
  const now = services.clock.now();
  const found = endpoints.get(key);
  if (found && now - found.at < knownForMs) return found.endpoint;
  const endpoint = await find();
  if (shareOf(endpoint, () => true) === 100) {
    const entry = { endpoint, at: now };
    endpoints.set(key, entry).set(`endpoint ${endpoint.id}`, entry);
  }
  return endpoint;
}

function shareOf(endpoint: Endpoint, which: (model: Endpoint["deployedModels"][number]) => boolean): number {
  return endpoint.deployedModels.filter(which).reduce((sum, model) => sum + model.trafficPercent, 0);
}
