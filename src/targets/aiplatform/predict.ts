import type { Predictions } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";

/** Where a prediction goes: to a deployment, or to whatever an endpoint's traffic split says. */
export type PredictTarget = { deploymentName: string } | { endpoint: string };

/** How long an endpoint is known before it is looked at again. */
const knownForMs = 5 * 60_000;

/** The endpoints that predictions went to, so that one request is one request. */
export class KnownEndpoints {
  readonly #known = new Map<string, { endpoint: Endpoint; until: number }>();

  /** The endpoint of `id`; throws when there is none. */
  async get(id: string, { services, context }: Call): Promise<Endpoint> {
    const known = this.#known.get(id);
    if (known && known.until > services.clock.now()) return known.endpoint;
    const endpoint = await services.endpointManager.find(id, context);
    if (!endpoint) throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no endpoint "${id}". listDeployments shows those of this package.`);
    if (endpoint.deployedModels.length > 0) this.#known.set(id, { endpoint, until: services.clock.now() + knownForMs });
    return endpoint;
  }

  forget(id: string): void {
    this.#known.delete(id);
  }
}

/** Sends rows, and gives the platform's answer. */
export async function predict(
  target: PredictTarget,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  endpoints: KnownEndpoints,
  call: Call,
): Promise<Predictions> {
  const id = "endpoint" in target ? endpointId(target.endpoint) : call.services.names.endpointId(target.deploymentName);
  const endpoint = await endpointOf(target, id, endpoints, call);
  const parameters = params && Object.keys(params).length > 0 ? params : undefined;
  try {
    return await call.services.predictionService.predict({ endpoint, instances: inputs, parameters }, call.context);
  } catch (error) {
    if (DeploymentError.is(error) && error.code === "RESOURCE_DOES_NOT_EXIST") endpoints.forget(id);
    throw error;
  }
}

async function endpointOf(target: PredictTarget, id: string, endpoints: KnownEndpoints, call: Call): Promise<Endpoint> {
  if ("endpoint" in target) return endpoints.get(id, call);
  const { deploymentName } = target;
  const endpoint = await endpoints.get(id, call).catch((error: unknown) => {
    if (!DeploymentError.is(error) || error.code !== "RESOURCE_DOES_NOT_EXIST") throw error;
    throw new DeploymentError(error.code, `There is no deployment "${deploymentName}". listDeployments shows those that there are.`, { cause: error });
  });
  const share = endpoint.deployedModels
    .filter((model) => model.displayName === deploymentName)
    .reduce((sum, model) => sum + model.trafficPercent, 0);
  if (share === 100) return endpoint;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    share === 0
      ? `The deployment "${deploymentName}" serves nothing yet. Run its createDeployment again to go on with it.`
      : `The deployment "${deploymentName}" has ${share}% of the traffic of its endpoint, so that others may answer. Use endpoint: "${endpoint.id}" in place of deploymentName.`,
  );
}

function endpointId(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
