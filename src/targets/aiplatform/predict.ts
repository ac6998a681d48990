import type { Predictions } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Explanations } from "../../core/explanations.js";
import type { PredictionTarget } from "../../core/prediction-request.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";
import type { AiPlatformServices } from "./services.js";

/** How long an endpoint is known before it is looked at again. */
const knownForMs = 5 * 60_000;

/** The serving endpoints that predictions went to, by id, for each project and region: one prediction is one request. */
const known = new WeakMap<AiPlatformServices, Map<string, { endpoint: Endpoint; until: number }>>();

/** Sends rows, and gives the platform's answer. */
export async function predict(
  target: PredictionTarget,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  call: Call,
): Promise<Predictions> {
  const { services, context } = call;
  const endpoint =
    "endpoint" in target
      ? await endpointOf(target.endpoint, call)
      : await endpointOfDeployment(target.deploymentName, call);
  const parameters = params && Object.keys(params).length > 0 ? params : undefined;
  try {
    return await services.predictionService.predict({ endpoint, instances: inputs, parameters }, context);
  } catch (error) {
    forgetEndpoint(endpoint.id, services);
    throw error;
  }
}

/** Sends rows, and gives the parts of the answer as they come. */
export async function predictStream(
  _target: PredictionTarget,
  _inputs: readonly unknown[],
  _params: Record<string, unknown> | undefined,
  _call: Call,
): Promise<AsyncIterable<unknown>> {
  throw new DeploymentError("NOT_IMPLEMENTED", "predictStream is being written.");
}

/** Sends rows, and gives predictions with their explanations. */
export async function explain(
  _target: PredictionTarget,
  _inputs: readonly unknown[],
  _params: Record<string, unknown> | undefined,
  _call: Call,
): Promise<Explanations> {
  throw new DeploymentError("NOT_IMPLEMENTED", "explain is being written.");
}

/** Has the next prediction look at the endpoint again. */
export function forgetEndpoint(id: string, services: AiPlatformServices): void {
  known.get(services)?.delete(id);
}

async function endpointOf(name: string, call: Call): Promise<Endpoint> {
  const endpoint = await look(endpointId(name, call), call);
  if (endpoint) return endpoint;
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no endpoint "${name}". listDeployments shows those of this package.`,
  );
}

async function endpointOfDeployment(name: string, call: Call): Promise<Endpoint> {
  const endpoint = await look(call.services.names.endpointId(name), call);
  if (!endpoint) {
    throw new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `There is no deployment "${name}". listDeployments shows those that there are.`,
    );
  }
  const share = shareOf(endpoint, (model) => model.displayName === name);
  if (share === 100) return endpoint;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    share === 0
      ? `The deployment "${name}" serves nothing yet. Run its createDeployment again to go on with it.`
      : `The deployment "${name}" has ${share}% of the traffic of its endpoint, so that others may answer. Use endpoint: "${endpoint.id}" in place of deploymentName.`,
  );
}

async function look(id: string, { services, context }: Call): Promise<Endpoint | null> {
  const endpoints = known.get(services) ?? new Map<string, { endpoint: Endpoint; until: number }>();
  known.set(services, endpoints);
  const now = services.clock.now();
  const found = endpoints.get(id);
  if (found && found.until > now) return found.endpoint;
  const endpoint = await services.endpointManager.find(id, context);
  if (endpoint && shareOf(endpoint, () => true) === 100) endpoints.set(id, { endpoint, until: now + knownForMs });
  return endpoint;
}

function shareOf(endpoint: Endpoint, which: (model: Endpoint["deployedModels"][number]) => boolean): number {
  return endpoint.deployedModels.filter(which).reduce((sum, model) => sum + model.trafficPercent, 0);
}

/** The id of an endpoint that is given by its id or its full name. */
function endpointId(name: string, { settings }: Call): string {
  if (!name.includes("/")) return name;
  const parts = /^projects\/([^/]+)\/locations\/([^/]+)\/endpoints\/([^/]+)$/.exec(name);
  if (!parts) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The endpoint "${name}" must be an id, or projects/PROJECT/locations/REGION/endpoints/ID.`,
    );
  }
  const [, project, location, id] = parts as unknown as [string, string, string, string];
  // a project may be named by its number, which is not known here
  const elsewhere = location !== settings.location || (!/^\d+$/.test(project) && project !== settings.projectId);
  if (!elsewhere) return id;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The endpoint "${name}" is not in project ${settings.projectId} and location ${settings.location}. Set projectId and location to its own.`,
  );
}
