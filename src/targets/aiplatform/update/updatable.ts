import { DeploymentError } from "../../../core/errors.js";
import type { UpdateDeploymentOptions } from "../../../core/options.js";
import type { ModelVersion } from "../../../core/services.js";
import { isHeld, lockedError } from "../../../rollout/lock.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";
import { required } from "../config/load-settings.js";
import type { SettingName } from "../config/settings.js";
import { checkOwnTraffic, checkRoom } from "../deploy/shared-endpoint.js";
import { servingVersion } from "../describe.js";
import type { DeploymentView, Observed } from "../observe.js";
import { existing } from "../read-deployments.js";
import type { UpdateRequest } from "./find-change.js";
import { updatedSettings } from "./updated-settings.js";

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` for a flavor without a model. */
export function updateRequest({ name, modelUri, flavor }: UpdateDeploymentOptions<AiPlatformConfig>): UpdateRequest {
  if (flavor === undefined || modelUri !== undefined)
    return { name, modelUri: modelUri ?? null, flavor: flavor ?? null };
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "flavor needs modelUri: it is what the new model must have. Name both, or neither.",
  );
}

/**
 * The deployment that is to be updated, what it serves, and the call with the settings that it will have.
 *
 * @throws DeploymentError where no update is possible; nothing is changed by then.
 */
export async function updatable(
  request: UpdateRequest,
  endpoint: string | undefined,
  loaded: Call,
): Promise<{ seen: Observed; version: ModelVersion; call: Call }> {
  const { name } = request;
  const given = { ...loaded, given: namedBy(request, loaded) };
  const { settings, services, context } = given;
  const bucket = required(settings, "productionBucket");
  const seen = await existing(name, endpoint, given);
  refuseUnfinished(seen, services.clock.now());
  if (!seen.shared) checkOwnTraffic(given);
  else if (given.given.has("trafficPercent")) checkRoom(seen.endpoint!, name, given);
  const [version] = await Promise.all([
    servingVersion(seen, given),
    services.uploader.checkBucket(bucket, settings.location, context),
  ]);
  if (!version) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The registry version that "${name}" serves is gone. Call deleteDeployment, then createDeployment.`,
    );
  }
  return { seen, version, call: { ...given, settings: updatedSettings(seen, version, given) } };
}

/**
 * The settings that an update takes from its caller. Variables of the environment are there for deployments to be made:
 * they name what a new model's version is made with, and change nothing of a deployment otherwise, nor the registry model
 * that its versions belong to.
 */
function namedBy({ modelUri }: UpdateRequest, { given, ambient }: Call): ReadonlySet<SettingName> {
  const counts = (name: SettingName) => !ambient.has(name) || (modelUri !== null && name !== "modelName");
  return new Set([...given].filter(counts));
}

function refuseUnfinished({ name, record, deployed }: DeploymentView, now: number): void {
  if (record?.lock && isHeld(record.lock, now)) throw lockedError(name, record.lock, now);
  if (record?.pending?.step === "delete") {
    throw new DeploymentError(
      "RESOURCE_CONFLICT",
      `A deleteDeployment of "${name}" was cut off. Run it again to its end.`,
    );
  }
  const wasFinished = record === null ? deployed.length > 0 : record.completedAt !== null;
  if (!wasFinished) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The deployment "${name}" was never finished, so there is nothing to update. Run its createDeployment again to go on with it.`,
    );
  }
  if (deployed.length > 0) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `Nothing is deployed of "${name}" any more: it was undeployed by other means. Call deleteDeployment, then createDeployment.`,
  );
}
