import { DeploymentError } from "../../../core/errors.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { Endpoint } from "../../../core/services.js";
import type { Call } from "../call.js";

/** Gives the deployed model of a spec all traffic of the endpoint that its deployment owns. */
export async function ensureAllTraffic(
  name: string,
  spec: DeploymentSpec,
  attempt: number,
  { services, context }: Call,
): Promise<Endpoint> {
  const { endpointManager, names } = services;
  const id = names.deployedModelId(name, spec.specHash, attempt);
  const endpoint = await endpointManager.find(names.endpointId(name), context);
  if (!endpoint) {
    throw new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `The endpoint of the deployment "${name}" is gone: it was deleted elsewhere. Run the same call again.`,
    );
  }
  if (endpoint.trafficSplit[id] === 100) {
    context.report({
      type: "step",
      step: "traffic",
      status: "skipped",
      message: `${who(endpoint, id)} has all the traffic`,
    });
    return endpoint;
  }
  const changed = await endpointManager.setTraffic(endpoint, { [id]: 100 }, context);
  context.report({
    type: "step",
    step: "traffic",
    status: "done",
    message: `${who(endpoint, id)} gets all the traffic`,
  });
  return changed;
}

function who(endpoint: Endpoint, id: string): string {
  const versionId = endpoint.deployedModels.find((model) => model.id === id)?.modelVersionId;
  return versionId ? `version ${versionId}` : id;
}
