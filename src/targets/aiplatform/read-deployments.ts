import type { Deployment } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import { describeDeployment, observe, type Observed, servingVersion } from "./live-state.js";

/** One deployment, with its model version and what the record says. */
export async function getDeployment(name: string, endpoint: string | undefined, call: Call): Promise<Deployment> {
  const observed = await observe(name, call);
  const now = call.services.clock.now();
  if (!observed.endpoint || (endpoint !== undefined && !isNamed(observed.endpoint, endpoint)))
    throw missing(name, observed, now);
  const version = await servingVersion(observed.endpoint, call);
  return describeDeployment(observed.endpoint, version, observed.stored?.record ?? null, now);
}

/** All deployments of the project and region, sorted by name. Their records are not read: a list is one request a page. */
export async function listDeployments(
  endpoint: string | undefined,
  { services, context }: Call,
): Promise<Deployment[]> {
  const endpoints = await services.endpointManager.list(context);
  return endpoints
    .filter((candidate) => endpoint === undefined || isNamed(candidate, endpoint))
    .map((candidate) => describeDeployment(candidate, null, null, services.clock.now()))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Whether `name` is the endpoint's id or its full name. */
function isNamed(endpoint: Endpoint, name: string): boolean {
  return endpoint.id === name || endpoint.name === name;
}

function missing(name: string, { stored }: Observed, now: number): DeploymentError {
  const record = stored?.record;
  const last = record?.history.at(-1);
  const why =
    record?.lock && isHeld(record.lock, now)
      ? ` ${record.lock.owner} is creating it: its endpoint is not there yet.`
      : record?.pending
        ? ` An earlier createDeployment was cut off at the step ${record.pending.step}: run it again to go on.`
        : last?.outcome === "failed"
          ? ` Its last attempt failed at ${last.at}: ${last.error ?? "no reason is known"}`
          : " listDeployments shows those that there are.";
  return new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no deployment "${name}".${why}`);
}
