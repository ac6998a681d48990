import type { Deployment } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import { describeDeployment, servingVersion } from "./describe.js";
import { isNamed, isShared } from "./endpoint-lookup.js";
import { observe, type Observed, observed } from "./observe.js";

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
  const seen = await observe(name, null, call);
  const isThere = seen.endpoint !== null && (seen.deployed.length > 0 || !seen.shared);
  if (isThere && (endpoint === undefined || isNamed(seen.endpoint!, endpoint))) return seen;
  throw missing(seen, call.services.clock.now());
}

/** All deployments of the project and region, sorted by name. Their records are not read: a list is one request a page. */
export async function listDeployments(
  endpoint: string | undefined,
  { services, context }: Call,
): Promise<Deployment[]> {
  const endpoints = await services.endpointManager.list(context);
  return endpoints
    .filter((candidate) => endpoint === undefined || isNamed(candidate, endpoint))
    .flatMap(deploymentsOn)
    .map((seen) => describeDeployment(seen, null, services.clock.now()))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function deploymentsOn(endpoint: Endpoint): Observed[] {
  const names = isShared(endpoint)
    ? [...new Set(endpoint.deployedModels.map((model) => model.displayName))]
    : [endpoint.displayName];
  return names.map((name) => observed(name, null, endpoint));
}

function missing({ name, stored }: Observed, now: number): DeploymentError {
  const record = stored?.record;
  const last = record?.history.at(-1);
  const why =
    record?.lock && isHeld(record.lock, now)
      ? ` ${record.lock.owner} is creating it: its endpoint is not there yet.`
      : record?.deletedAt
        ? ` It was deleted at ${record.deletedAt}${last?.message ? `: ${last.message}` : ""}.`
        : record?.pending
          ? ` An earlier createDeployment was cut off at the step ${record.pending.step}: run it again to go on.`
          : last?.outcome === "failed"
            ? ` Its last attempt failed at ${last.at}: ${last.error ?? "no reason is known"}`
            : " listDeployments shows those that there are.";
  return new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no deployment "${name}".${why}`);
}
