import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";
import { observe } from "./observe.js";

/**
 * The endpoint that a deployment is on: its own, or one that it shares.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`.
 */
export async function endpointOfDeployment(name: string, call: Call): Promise<Endpoint> {
  const { services, context } = call;
  // its own first: who may only predict may not be allowed to read the record, which tells of a shared one
  const own = await services.endpointManager.find(services.names.endpointId(name), context);
  const endpoint = own ?? (await observe(name, call)).endpoint;
  if (endpoint) return endpoint;
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no deployment "${name}". listDeployments shows those that there are.`,
  );
}
