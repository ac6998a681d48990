import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";

/**
 * The endpoint that a deployment is on.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`.
 */
export async function endpointOfDeployment(name: string, { services, context }: Call): Promise<Endpoint> {
  const endpoint = await services.endpointManager.find(services.names.endpointId(name), context);
  if (endpoint) return endpoint;
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no deployment "${name}". listDeployments shows those that there are.`,
  );
}
