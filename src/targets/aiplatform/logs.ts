import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";
import { endpointOfDeployment } from "./deployment-endpoint.js";

const defaultLines = 100;
const mostLines = 10_000;

/**
 * The last lines of a deployment's containers, oldest first, since its deployed model was made.
 *
 * @param lines - Default 100, at most 10,000.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `INVALID_PARAMETER_VALUE`; what Cloud Logging says when it cannot be
 * read.
 */
export async function getLogs(name: string, lines: number | undefined, call: Call): Promise<string[]> {
  const { services, context } = call;
  const wanted = checkedLines(lines ?? defaultLines);
  const endpoint = await endpointOfDeployment(name, call);
  const own = endpoint.deployedModels.filter((model) => model.displayName === name);
  const query = {
    since: since(endpoint, own),
    lines: wanted,
    // not only the own ones': one that is still being deployed is not in the list yet
    exceptDeployedModels: endpoint.deployedModels.filter((model) => !own.includes(model)).map(({ id }) => id),
    mustBeRead: true,
  };
  return services.logReader.containerLog(endpoint.id, query, context);
}

function since(endpoint: Endpoint, own: Endpoint["deployedModels"]): string {
  const times = own.map(({ createTime }) => createTime).filter((time) => time !== null);
  const [oldest] = times.toSorted((a, b) => Date.parse(a) - Date.parse(b));
  return oldest ?? endpoint.createTime ?? new Date(0).toISOString();
}

function checkedLines(lines: number): number {
  if (Number.isInteger(lines) && lines >= 1 && lines <= mostLines) return lines;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", `lines must be a whole number from 1 to ${mostLines}.`);
}
