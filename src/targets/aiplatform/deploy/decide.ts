import type { CreatedDeployment } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import { decideCreate } from "../../../rollout/decide-create.js";
import { isHeld, lockedError } from "../../../rollout/lock.js";
import type { Call } from "../call.js";
import { describeDeployment, servingVersion } from "../describe.js";
import { deployedAttempt, type Observed } from "../observe.js";
import type { Wanted } from "./wanted.js";

/** The deployment, when the very same is there, finished; null when there is work to do. */
export async function finishedAlready(
  { name, spec }: Wanted,
  seen: Observed,
  call: Call,
): Promise<CreatedDeployment | null> {
  const decision = decideFor({ name, spec }, seen, call);
  if (decision === "proceed") return null;
  if (call.settings.ifExists === "error") {
    throw new DeploymentError(
      "RESOURCE_ALREADY_EXISTS",
      `The deployment "${name}" is there already, the very same. With ifExists: "return" it is returned.`,
    );
  }
  const version = await servingVersion(seen, call);
  return { ...describeDeployment(seen, version, call.services.clock.now()), changed: false };
}

/**
 * Whether there is work to do.
 *
 * @throws DeploymentError where something else is in the way.
 */
export function decideFor(
  { name, spec }: Pick<Wanted, "name" | "spec">,
  seen: Observed,
  call: Call,
): "proceed" | "unchanged" {
  const now = call.services.clock.now();
  const { record } = seen;
  const lock = record?.lock && isHeld(record.lock, now) ? record.lock : null;
  const attempt = deployedAttempt(seen, spec, call);
  const id = attempt === null ? null : call.services.names.deployedModelId(name, spec.specHash, attempt);
  const live = {
    hasDeployedModel: seen.deployed.length > 0,
    matchesSpec: id !== null,
    isServing: seen.shared || seen.deployed.find((model) => model.id === id)?.trafficPercent === 100,
  };
  const decision = decideCreate(spec, live, record?.deletedAt === null ? record : null, lock);
  if (decision.action === "locked") throw lockedError(name, decision.lock, now);
  if (decision.action === "deleting") {
    throw new DeploymentError(
      "RESOURCE_CONFLICT",
      `A deleteDeployment of "${name}" was cut off. Run it again to its end, then create the deployment.`,
    );
  }
  if (decision.action === "conflict") throw conflict(name, decision);
  return decision.action;
}

function conflict(
  name: string,
  { unfinished, differences }: { unfinished: "create" | "update" | null; differences: string[] },
): DeploymentError {
  const what = differences.length > 0 ? ` What differs: ${differences.join("; ")}.` : "";
  const cutOff = `with another model or settings was cut off.${what} Run it again as it was, or call deleteDeployment first.`;
  const messages = {
    create: `An earlier createDeployment of "${name}" ${cutOff}`,
    update: `An updateDeployment of "${name}" ${cutOff}`,
  };
  return new DeploymentError(
    "RESOURCE_ALREADY_EXISTS",
    unfinished
      ? messages[unfinished]
      : `The deployment "${name}" is there already, with another model or settings.${what} Call updateDeployment to change it, or choose another name.`,
  );
}
