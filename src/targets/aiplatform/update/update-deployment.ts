import type { UpdatedDeployment } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { UpdateDeploymentOptions } from "../../../core/options.js";
import type { DeploymentRecord, RecordedUpdate } from "../../../core/record.js";
import type { Endpoint, ModelVersion } from "../../../core/services.js";
import { isHeld, lockedError } from "../../../rollout/lock.js";
import { newRecord } from "../../../rollout/new-record.js";
import { RecordSession } from "../../../rollout/record-session.js";
import type { StepLimits, StepOutcome } from "../../../rollout/resumable-step.js";
import { checkedMessage } from "../arguments.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";
import { required } from "../config/load-settings.js";
import { ensureImage, uploadModel } from "../deploy/artifacts.js";
import { ensureDeployed } from "../deploy/deploy-step.js";
import { fail, removeFailed } from "../deploy/failure.js";
import { settlePending } from "../deploy/settle-pending.js";
import { checkOwnTraffic } from "../deploy/shared-endpoint.js";
import { shareOf, shiftTraffic } from "../deploy/traffic-step.js";
import { undeploy } from "../deploy/undeploy-step.js";
import { ensureVersion } from "../deploy/version-step.js";
import { withWorkDirectory } from "../../work-directory.js";
import { describeDeployment, servingVersion } from "../describe.js";
import { type Observed, observed } from "../observe.js";
import { forgetEndpoint } from "../prediction-endpoint.js";
import { existing } from "../read-deployments.js";
import { type Change, findChange, type UpdateRequest } from "./find-change.js";
import { changeInPlace } from "./in-place.js";
import { updatedSettings } from "./updated-settings.js";

/** Changes a deployment: the new one is deployed beside the old, gets its traffic when it is healthy, and the old one goes. */
export async function updateDeployment(
  options: UpdateDeploymentOptions<AiPlatformConfig>,
  given: Call,
): Promise<UpdatedDeployment> {
  const request = updateRequest(options);
  const message = checkedMessage(options.message);
  const { seen, version, call } = await updatable(request, options.endpoint, given);
  return withWorkDirectory(call.settings.tmpDir, async (directory) => {
    const change = await findChange(request, seen, version, directory, call);
    if (isNothing(change, seen)) {
      return { ...describeDeployment(seen, version, call.services.clock.now()), changed: false };
    }
    refuseSecondOnPrivate(change, seen);
    return update({ name: request.name, message, seen, version }, change);
  });
}

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` for a flavor without a model. */
export function updateRequest({ name, modelUri, flavor }: UpdateDeploymentOptions<AiPlatformConfig>): UpdateRequest {
  if (flavor === undefined || modelUri !== undefined)
    return { name, modelUri: modelUri ?? null, flavor: flavor ?? null };
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "flavor needs modelUri: it is what the new model must have. Name both, or neither.",
  );
}

/** The deployment that is to be updated, what it serves, and the call with the settings that it will have. */
export async function updatable(
  { name }: UpdateRequest,
  endpoint: string | undefined,
  given: Call,
): Promise<{ seen: Observed; version: ModelVersion; call: Call }> {
  const { settings, services, context } = given;
  const bucket = required(settings, "productionBucket");
  const seen = await existing(name, endpoint, given);
  refuseUnfinished(seen, services.clock.now());
  if (!seen.shared) checkOwnTraffic(given);
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

/** Whether all is as the update wants it, and nothing was left half-way. */
export function isNothing(change: Change, seen: Observed): boolean {
  const cutOff = seen.stored?.record.update !== null && seen.stored !== null;
  return (
    !cutOff && !change.replaces && change.inPlace.length === 0 && !change.movesTraffic && seen.deployed.length === 1
  );
}

interface Work {
  name: string;
  message: string | null;
  seen: Observed;
  /** What is served now. */
  version: ModelVersion;
}

/** From here on things are changed, under the record's lock. */
async function update(work: Work, change: Change): Promise<UpdatedDeployment> {
  const { name, message, seen } = work;
  const { call, spec } = change;
  const { services, settings } = call;
  const first = firstRecord(work, change);
  const session = await RecordSession.begin(services, seen.stored, first, call);
  const held: Call = { ...call, context: session.guard(call.context) };
  const limits = { timeoutSeconds: settings.deployTimeout, clock: services.clock };
  forgetEndpoint(seen.endpoint!.id, services);
  const entry = { action: "update", spec, message } as const;
  try {
    if (first.pending !== null && !isSameUpdate(seen, change)) {
      await settlePending(first.pending, seen, held);
      await session.note({ pending: null });
    }
    const version = await versionFor(work, change, session, held, limits);
    const serving = await replace(work, change, version, session, held, limits);
    await session.end((record) => {
      const { version: made, attempt } = record.update ?? record;
      const now = { spec, version: made ?? record.version, attempt, update: null, pending: null };
      const ended = session.withEntry({ ...record, ...now }, { ...entry, outcome: "succeeded" });
      return { ...ended, completedAt: new Date(services.clock.now()).toISOString() };
    });
    forgetEndpoint(serving.id, services);
    const after = observed(name, { record: session.record, generation: "" }, serving);
    return { ...describeDeployment(after, version.value, services.clock.now()), changed: true };
  } catch (error) {
    throw await fail(error, name, session, call, (record, failure) => ({
      ...session.withEntry(record, { ...entry, outcome: "failed", error: failure.message }),
      update: null,
      pending: null,
    }));
  }
}

/** The registry version of what is wanted: the one that serves, found, or made. */
async function versionFor(
  { name, version }: Work,
  { wanted, needsVersion, spec }: Change,
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<StepOutcome<ModelVersion>> {
  if (!needsVersion) return { value: version, changed: false };
  const artifactUri = wanted ? await uploadModel(wanted, call) : (version.artifactUri ?? "");
  const imageUri = wanted ? await ensureImage(wanted, call) : (version.imageUri ?? "");
  const outcome = await ensureVersion({ name, spec, artifactUri, imageUri }, session, call, limits);
  const { model, versionId } = outcome.value;
  const { update } = session.record;
  await session.note({ update: update && { ...update, version: { model, versionId } } });
  return outcome;
}

/** Deploys what is wanted beside what serves, moves the traffic, undeploys what served, and changes the rest in place. */
async function replace(
  { name, seen }: Work,
  change: Change,
  version: StepOutcome<ModelVersion>,
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<Endpoint> {
  const { services, settings, given, context } = call;
  const endpoint = seen.endpoint!;
  const made = version.changed ? version.value : null;
  const cleanUp = async () =>
    `${await removeFailed({ endpointId: null, version: made }, call)} The deployment goes on as it was.`;
  const attempt = session.record.update?.attempt ?? 0;
  const deployed = await ensureDeployed(
    { name, spec: change.spec, attempt, endpoint, version: version.value, cleanUp },
    session,
    call,
    limits,
  );
  const share = (now: Endpoint) =>
    !seen.shared ? 100 : given.has("trafficPercent") ? (settings.trafficPercent ?? null) : shareOf(now, name);
  const target = { endpointId: endpoint.id, name, deployedModelId: deployed.id };
  let serving = await shiftTraffic(target, share, call);
  const old = serving.deployedModels.filter((model) => model.displayName === name && model.id !== deployed.id);
  if (old.length > 0) {
    await services.clock.sleep(settings.drainSeconds * 1000, context.signal);
    serving = await undeploy(
      serving,
      old.map(({ id }) => id),
      session,
      call,
      limits,
    );
  }
  const isNew = change.replaces;
  const inPlace = { name, endpoint: serving, shared: seen.shared, deployed, version: version.value, isNew };
  await changeInPlace(inPlace, change, call, limits);
  return (await services.endpointManager.find(endpoint.id, context)) ?? serving;
}

function firstRecord({ name, seen, version }: Work, change: Change): DeploymentRecord {
  const record = seen.stored?.record ?? {
    ...newRecord(name),
    endpoint: seen.shared ? seen.endpoint!.id : null,
    version: { model: version.model, versionId: version.versionId },
    completedAt: seen.endpoint!.createTime,
  };
  if (isSameUpdate(seen, change)) return record;
  const failures = record.history.filter(
    ({ specHash, outcome }) => specHash === change.spec.specHash && outcome === "failed",
  ).length;
  const kept = record.spec?.specHash === change.spec.specHash;
  const wanted: RecordedUpdate = {
    spec: change.spec,
    version: kept ? record.version : null,
    attempt: kept ? record.attempt : failures,
  };
  return { ...record, update: wanted };
}

/** Whether an earlier process was cut off on its way to the same. */
function isSameUpdate({ stored }: Observed, { spec }: Change): boolean {
  return stored?.record.update?.spec.specHash === spec.specHash;
}

function refuseUnfinished({ name, stored, deployed }: Observed, now: number): void {
  const record = stored?.record;
  if (record?.lock && isHeld(record.lock, now)) throw lockedError(name, record.lock, now);
  if (record?.pending?.step === "delete") {
    throw new DeploymentError(
      "RESOURCE_CONFLICT",
      `A deleteDeployment of "${name}" was cut off. Run it again to its end.`,
    );
  }
  const isFinished = deployed.length > 0 && (!record || record.completedAt !== null);
  if (isFinished) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The deployment "${name}" was never finished, so there is nothing to update. Run its createDeployment again to go on with it.`,
  );
}

function refuseSecondOnPrivate({ replaces }: Change, { name, endpoint }: Observed): void {
  if (!replaces || endpoint?.network === null) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The endpoint of "${name}" is private (network), and Vertex AI lets such endpoints have one deployed model, so that a new one cannot be deployed beside it. Create another deployment, and delete this one.`,
  );
}
