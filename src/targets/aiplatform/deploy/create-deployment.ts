import type { CreatedDeployment } from "../../../core/deployment.js";
import type { DeploymentRecord } from "../../../core/record.js";
import type { Endpoint, ModelVersion } from "../../../core/services.js";
import { nextAttempt } from "../../../rollout/attempts.js";
import { newRecord } from "../../../rollout/new-record.js";
import { RecordSession } from "../../../rollout/record-session.js";
import { completeStep } from "../../../rollout/resumable-step.js";
import type { CreateRequest } from "../arguments.js";
import type { Call } from "../call.js";
import { describeDeployment } from "../describe.js";
import { deployedAttempt, type Observed, viewOf } from "../observe.js";
import { forgetEndpoint } from "../prediction-endpoint.js";
import { finishedAlready } from "./decide.js";
import { ensureDeployed } from "./deploy-step.js";
import { endpointStep } from "./endpoint-step.js";
import { fail, isUnserved } from "./failure.js";
import { changedSinceCutOff, changeInPlace } from "./in-place.js";
import { placeOf, seenFor } from "./place.js";
import { checkRoom } from "./shared-endpoint.js";
import { ensureSources } from "./sources.js";
import { shareOf, shiftTraffic } from "./traffic-step.js";
import { ensureVersion } from "./version-step.js";
import { prepareWanted, type Wanted } from "./wanted.js";
import { withWorkDirectory } from "../../work-directory.js";

/** The main job: from an MLflow model to a deployment that answers, whatever of it is there already. */
export async function createDeployment(request: CreateRequest, given: Call): Promise<CreatedDeployment> {
  const { call, shared } = await placeOf(request, given);
  return withWorkDirectory(call.settings.tmpDir, async (directory) => {
    const wanted = await prepareWanted({ ...request, sharedEndpoint: shared?.id ?? null }, directory, call);
    const seen = await seenFor(request.name, shared, call);
    const finished = await finishedAlready(wanted, seen, call);
    if (finished) return finished;
    if (shared) checkRoom(shared, request.name, call);
    return deploy({ ...wanted, message: request.message, shared }, seen, call);
  });
}

interface Work extends Wanted {
  message: string | null;
  shared: Endpoint | null;
}

/** From here on things are changed, under the record's lock. */
async function deploy(work: Work, seen: Observed, call: Call): Promise<CreatedDeployment> {
  const { name, spec, shared, message } = work;
  const { services, settings } = call;
  const first = firstRecord(work, seen, call);
  const session = await RecordSession.begin(services, seen.stored, first, call);
  const context = session.guard(call.context);
  const held: Call = { ...call, context };
  const limits = { timeoutSeconds: settings.deployTimeout, clock: services.clock };
  forgetEndpoint(shared?.id ?? services.names.endpointId(name), services);
  const entry = { action: "create", spec, message } as const;
  let unserved: ModelVersion | null = null;
  try {
    const sources = await ensureSources(work, held);
    const found = await ensureVersion({ ...work, ...sources }, session, held, limits);
    const version = found.value;
    if (isUnserved(spec, found.changed, seen)) unserved = version;
    session.noteLater({ version: { model: version.model, versionId: version.versionId } });
    const { value: endpoint, changed: isNewEndpoint } = shared
      ? { value: shared, changed: false }
      : await completeStep(endpointStep(name, isAbsent(seen), held), session, context, limits);
    const { attempt } = session.record;
    const { value: deployed, changed: isNew } = await ensureDeployed(
      { name, spec, attempt, version, endpoint, isNewEndpoint, shared: shared !== null },
      session,
      held,
      limits,
    );
    const target = { endpointId: endpoint.id, name, deployedModelId: deployed.id, isNew };
    const share = shared ? (now: Endpoint) => sharedPercent(now, name, held) : () => 100;
    const shifted = await shiftTraffic(target, share, () => session.begun("traffic"), held);
    const inPlace = changedSinceCutOff(spec, seen, held);
    const made = { name, shared: shared !== null, endpoint: shifted, deployed, version, isNew: false };
    const isChanged = await changeInPlace(made, { inPlace, spec }, session, held, limits);
    const serving = (isChanged && (await services.endpointManager.find(endpoint.id, context))) || shifted;
    await session.end((record) => {
      const ended = session.withEntry(record, { ...entry, outcome: "succeeded" });
      return { ...ended, pending: null, completedAt: new Date(services.clock.now()).toISOString() };
    });
    const described = describeDeployment(
      viewOf(name, session.record, serving, services.names),
      version,
      services.clock.now(),
    );
    return { ...described, changed: true };
  } catch (error) {
    const endpointId = shared?.id ?? services.names.endpointId(name);
    throw await fail(error, {
      name,
      endpointId,
      session,
      call,
      remains: { endpointId: shared ? null : endpointId, version: unserved, otherwise: "deleteDeployment does it" },
      outcome: "",
      otherwise: "deleteDeployment to take it away",
      failed: (record, failure, isClean) => ({
        ...session.withEntry(record, {
          ...entry,
          outcome: "failed",
          error: failure.message,
          attempt: record.attempt,
        }),
        version: unserved && isClean ? null : record.version,
        pending: null,
      }),
    });
  }
}

/**
 * Whether the deployment's own endpoint was looked for before the lock was taken, and is not there. It is not there after that
 * either: who makes it writes the record before, and the lock is then refused.
 */
function isAbsent({ endpoint, record }: Observed): boolean {
  const elsewhere = record?.deletedAt === null && record.endpoint !== null;
  return endpoint === null && !elsewhere;
}

/** The share of a deployment that is new on a shared endpoint: what was asked for, or all where nobody has any. */
function sharedPercent(endpoint: Endpoint, name: string, { settings }: Call): number | null {
  if (settings.trafficPercent !== undefined) return settings.trafficPercent;
  const own = shareOf(endpoint, name);
  const others = Object.values(endpoint.trafficSplit).reduce((sum, percent) => sum + percent, 0) - own;
  return others === 0 ? 100 : null;
}

function firstRecord({ name, spec, shared }: Work, seen: Observed, call: Call): DeploymentRecord {
  const earlier = seen.record;
  const same = earlier?.spec?.specHash === spec.specHash;
  const history = earlier?.history ?? [];
  return {
    ...newRecord(name),
    spec,
    endpoint: shared?.id ?? null,
    version: same ? (earlier?.version ?? null) : null,
    attempt: deployedAttempt(seen, spec, call) ?? nextAttempt(history, spec.specHash),
    pending: same ? (earlier?.pending ?? null) : null,
    history,
  };
}
