import type { UpdatedDeployment } from "../../../core/deployment.js";
import type { UpdateDeploymentOptions } from "../../../core/options.js";
import type { DeploymentRecord, RecordedUpdate } from "../../../core/record.js";
import type { ModelVersion } from "../../../core/services.js";
import { nextAttempt } from "../../../rollout/attempts.js";
import { newRecord } from "../../../rollout/new-record.js";
import { RecordSession } from "../../../rollout/record-session.js";
import type { StepLimits, StepOutcome } from "../../../rollout/resumable-step.js";
import { checkedMessage } from "../arguments.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";
import { ensureDeployed } from "../deploy/deploy-step.js";
import { fail, isUnserved } from "../deploy/failure.js";
import { changeInPlace } from "../deploy/in-place.js";
import { settlePending } from "../deploy/settle-pending.js";
import { ensureSources } from "../deploy/sources.js";
import { ensureVersion } from "../deploy/version-step.js";
import { withWorkDirectory } from "../../work-directory.js";
import { describeDeployment } from "../describe.js";
import { deployedAttempt, type Observed, viewOf } from "../observe.js";
import { forgetEndpoint } from "../prediction-endpoint.js";
import { type Change, findChange, isNothing } from "./find-change.js";
import { takeOver } from "./take-over.js";
import { updatable, updateRequest } from "./updatable.js";

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
    return update({ name: request.name, message, seen, version }, change);
  });
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
  const endpoint = seen.endpoint!;
  const session = await RecordSession.begin(services, seen.stored, firstRecord(work, change), call);
  const held: Call = { ...call, context: session.guard(call.context) };
  const limits = { timeoutSeconds: settings.deployTimeout, clock: services.clock };
  forgetEndpoint(endpoint.id, services);
  const entry = { action: "update", spec, message } as const;
  let made: ModelVersion | null = null;
  let hasReplaced = false;
  try {
    await settleEarlier(change, seen, session, held);
    const { value: version, changed } = await versionFor(work, change, session, held, limits);
    if (change.needsVersion && isUnserved(spec, changed, seen)) made = version;
    const { attempt } = session.record.update!;
    const deploying = { name, spec, attempt, version, endpoint, shared: seen.shared };
    const { value: deployed } = await ensureDeployed(deploying, session, held, limits);
    hasReplaced = session.record.spec?.specHash !== spec.specHash;
    const successor = { name, endpointId: endpoint.id, shared: seen.shared, deployed };
    const serving = await takeOver(successor, session, held, limits);
    const isNew = change.replaces && !isSameUpdate(change, seen);
    const inPlace = { name, endpoint: serving, shared: seen.shared, deployed, version, isNew };
    const isChanged = await changeInPlace(inPlace, change, session, held, limits);
    const after = (isChanged && (await services.endpointManager.find(endpoint.id, held.context))) || serving;
    await session.end((record) => ({
      ...session.withEntry(finishedRecord(record, version), { ...entry, outcome: "succeeded" }),
      completedAt: new Date(services.clock.now()).toISOString(),
    }));
    forgetEndpoint(endpoint.id, services);
    const view = viewOf(name, session.record, after, services.names);
    return { ...describeDeployment(view, version, services.clock.now()), changed: true };
  } catch (error) {
    throw await fail(error, {
      name,
      endpointId: endpoint.id,
      session,
      call,
      remains: hasReplaced ? null : { endpointId: null, version: made, otherwise: "prune does it" },
      outcome: hasReplaced
        ? " The new one serves already: run the same call again to finish."
        : " The deployment goes on as it was.",
      otherwise: "call updateDeployment with what it had before to go back",
      failed: (record, { message: reason }) => ({
        ...session.withEntry(record, {
          ...entry,
          outcome: "failed",
          error: reason,
          ...(record.update && { attempt: record.update.attempt }),
        }),
        update: hasReplaced ? record.update : updateAfterFailure(change, seen),
        pending: null,
      }),
    });
  }
}

/** Waits for what an earlier process left under way, where it is not what this one goes on with. */
async function settleEarlier(change: Change, seen: Observed, session: RecordSession, call: Call): Promise<void> {
  const { pending } = session.record;
  if (pending === null || (isSameUpdate(change, seen) && pending.step !== "settings")) return;
  await settlePending(pending, seen.endpoint!.id, call);
  await session.note({ pending: null });
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
  const sources = wanted
    ? await ensureSources(wanted, call)
    : { artifactUri: version.artifactUri ?? "", imageUri: version.imageUri ?? "" };
  const outcome = await ensureVersion({ name, spec, ...sources }, session, call, limits);
  const { model, versionId } = outcome.value;
  const { update } = session.record;
  session.noteLater({ update: update && { ...update, version: { model, versionId } } });
  return outcome;
}

function firstRecord({ name, seen, version }: Work, change: Change): DeploymentRecord {
  const { call, spec, needsVersion } = change;
  const endpoint = seen.endpoint!;
  const record = seen.record ?? {
    ...newRecord(name),
    endpoint: seen.shared ? endpoint.id : null,
    version: { model: version.model, versionId: version.versionId },
    completedAt: endpoint.createTime ?? new Date(call.services.clock.now()).toISOString(),
  };
  const present = { model: version.model, versionId: version.versionId };
  const made = isSameUpdate(change, seen) ? (seen.record?.update?.version ?? null) : null;
  const update: RecordedUpdate = {
    spec,
    version: needsVersion ? made : present,
    attempt: deployedAttempt(seen, spec, call) ?? nextAttempt(record.history, spec.specHash),
  };
  return { ...record, update };
}

function finishedRecord(record: DeploymentRecord, { model, versionId }: ModelVersion): DeploymentRecord {
  const { update } = record;
  if (update === null) return record;
  const { spec, attempt } = update;
  return { ...record, spec, attempt, version: { model, versionId }, update: null, pending: null };
}

/** Whether an earlier process was cut off on its way to the same deployed model. */
function isSameUpdate({ spec }: Change, { record }: Observed): boolean {
  return record?.update?.spec.specHash === spec.specHash;
}

/** After a failure for good that has left all as it was: an earlier update that was cut off still is, unless it was this one. */
function updateAfterFailure(change: Change, seen: Observed): RecordedUpdate | null {
  const { record } = seen;
  const isOver = isSameUpdate(change, seen) && record?.spec?.specHash !== change.spec.specHash;
  return isOver ? null : (record?.update ?? null);
}
