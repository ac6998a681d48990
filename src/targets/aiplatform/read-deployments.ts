import type { Deployment } from "../../core/deployment.js";
import { sortedByName } from "../../core/sorted-by-name.js";
import { DeploymentError } from "../../core/errors.js";
import type { DeploymentRecord } from "../../core/record.js";
import type { Endpoint } from "../../core/services.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import { describeDeployment, servingVersion } from "./describe.js";
import { isNamed } from "./endpoint-lookup.js";
import { type DeploymentView, observe, type Observed, viewOf } from "./observe.js";
import type { PlatformNames } from "./services.js";

/** One deployment, with its model version and what the record says. */
export async function getDeployment(name: string, endpoint: string | undefined, call: Call): Promise<Deployment> {
  const seen = await existing(name, endpoint, call);
  const version = await servingVersion(seen, call);
  return describeDeployment(seen, version, call.services.clock.now());
}

/**
 * What there is of a deployment that must be there.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when it is not, with what is known of it.
 */
export async function existing(name: string, endpoint: string | undefined, call: Call): Promise<Observed> {
  const seen = await observe(name, call, endpoint);
  if (seen.endpoint !== null && (seen.deployed.length > 0 || !seen.shared)) {
    if (endpoint === undefined || isNamed(seen.endpoint, endpoint, call)) return seen;
    throw new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `There is no deployment "${name}" on the endpoint "${endpoint}". It is on "${seen.endpoint.id}".`,
    );
  }
  throw missing(seen, call.services.clock.now());
}

/** All deployments of the project and region, sorted by name. Their records are not read: a list is one request a page. */
export async function listDeployments(endpoint: string | undefined, call: Call): Promise<Deployment[]> {
  const { services, context } = call;
  const endpoints = await services.endpointManager.list(context);
  const deployments = endpoints
    .filter((candidate) => endpoint === undefined || isNamed(candidate, endpoint, call))
    .flatMap((candidate) => deploymentsOn(candidate, services.names))
    .map((seen) => describeDeployment(seen, null, services.clock.now()));
  return sortedByName(deployments);
}

function deploymentsOn(endpoint: Endpoint, names: PlatformNames): DeploymentView[] {
  const isOwn = endpoint.id === names.endpointId(endpoint.displayName);
  const deployments = isOwn
    ? [endpoint.displayName]
    : [...new Set(endpoint.deployedModels.map((model) => model.displayName))];
  return deployments.map((name) => viewOf(name, null, endpoint, names));
}

function missing({ name, record }: DeploymentView, now: number): DeploymentError {
  return new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no deployment "${name}".${reasonOf(record, now)}`);
}

/** Why there is none, and what to do, as far as its record tells it. */
function reasonOf(record: DeploymentRecord | null, now: number): string {
  const last = record?.history.at(-1);
  if (record?.lock && isHeld(record.lock, now)) return ` ${record.lock.owner} is at work on it.`;
  if (record?.deletedAt) return ` It was deleted at ${record.deletedAt}${last?.message ? `: ${last.message}` : ""}.`;
  if (record?.pending?.step === "delete") return " A deleteDeployment was cut off: run it again to its end.";
  if (record?.completedAt) return " It was taken away by other means. deleteDeployment makes its name free again.";
  if (record?.pending) {
    return ` An earlier createDeployment was cut off at the step ${record.pending.step}: run it again to go on.`;
  }
  if (last?.outcome === "failed")
    return ` Its last attempt failed at ${last.at}: ${last.error ?? "no reason is known"}`;
  return " listDeployments shows those that there are.";
}
