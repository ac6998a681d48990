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
  const say = (status: "done" | "skipped", has: string) =>
    context.report({ type: "step", step: "traffic", status, message: `${who(endpoint, id)} ${has} all the traffic` });
  if (endpoint.trafficSplit[id] === 100) {
    say("skipped", "has");
    return endpoint;
  }
  const changed = await endpointManager.setTraffic(endpoint, { [id]: 100 }, context);
  say("done", "gets");
  return changed;
}

function who(endpoint: Endpoint, id: string): string {
  const versionId = endpoint.deployedModels.find((model) => model.id === id)?.modelVersionId;
  return versionId ? `version ${versionId}` : id;
}
