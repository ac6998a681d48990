import type { CreatedDeployment } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { DeploymentRecord } from "../../../core/record.js";
import type { Endpoint } from "../../../core/services.js";
import { decideCreate } from "../../../rollout/decide-create.js";
import { isHeld, lockedError } from "../../../rollout/lock.js";
import { newRecord } from "../../../rollout/new-record.js";
import { RecordSession } from "../../../rollout/record-session.js";
import { completeStep } from "../../../rollout/resumable-step.js";
import type { CreateRequest } from "../arguments.js";
import type { Call } from "../call.js";
import { required } from "../config/load-settings.js";
import { describeDeployment, servingVersion } from "../describe.js";
import { sharedEndpoint } from "../endpoint-lookup.js";
import { deployedAttempt, observe, type Observed, observed } from "../observe.js";
import { forgetEndpoint } from "../prediction-endpoint.js";
import { deploymentLabels } from "../spec.js";
import { ensureImage, uploadModel } from "./artifacts.js";
import { completeSettings } from "./complete-settings.js";
import { ensureDeployed } from "./deploy-step.js";
import { endpointStep } from "./endpoint-step.js";
import { fail, removeFailed } from "./failure.js";
import { checkOwnTraffic, checkRoom, onSharedEndpoint } from "./shared-endpoint.js";
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

/** Where the deployment goes, and the call with all of its settings. What is refused here is refused before anything is sent. */
export async function placeOf(request: CreateRequest, given: Call): Promise<{ call: Call; shared: Endpoint | null }> {
  const call = { ...given, settings: completeSettings(request.name, given.settings) };
  const { settings, services, context } = call;
  const bucket = required(settings, "productionBucket");
  deploymentLabels(request.name, settings, services.names);
  if (settings.versionName !== undefined) services.names.versionAlias(settings.versionName);
  if (request.endpoint === null) checkOwnTraffic(call);
  const [shared] = await Promise.all([
    request.endpoint === null ? null : sharedEndpoint(request.endpoint, call),
    services.uploader.checkBucket(bucket, settings.location, context),
  ]);
  return { call: shared ? onSharedEndpoint(shared, call) : call, shared };
}

/** What there is of the deployment: where it is now, or else where it is to be. */
export async function seenFor(name: string, shared: Endpoint | null, call: Call): Promise<Observed> {
  const seen = await observe(name, null, call);
  const id = shared?.id ?? call.services.names.endpointId(name);
  if (seen.deployed.length > 0 || (seen.endpoint?.id ?? id) === id) {
    return seen.endpoint || !shared ? seen : observed(name, seen.stored, shared);
  }
  return observed(name, seen.stored, shared ?? (await call.services.endpointManager.find(id, call.context)));
}

interface Work extends Wanted {
  message: string | null;
  shared: Endpoint | null;
}

/** From here on things are changed, under the record's lock. */
async function deploy(work: Work, seen: Observed, call: Call): Promise<CreatedDeployment> {
  const { name, spec, shared, message } = work;
  const { services, settings } = call;
  const attempt = deployedAttempt(seen, spec, call);
  const first = firstRecord(work, seen.stored?.record ?? null, attempt);
  const session = await RecordSession.begin(services, seen.stored, first, call);
  const context = session.guard(call.context);
  const held: Call = { ...call, context };
  const limits = { timeoutSeconds: settings.deployTimeout, clock: services.clock };
  forgetEndpoint(shared?.id ?? services.names.endpointId(name), services);
  const entry = { action: "create", spec, message } as const;
  try {
    const artifactUri = await uploadModel(work, held);
    const imageUri = await ensureImage(work, held);
    const version = await ensureVersion({ ...work, artifactUri, imageUri }, session, held, limits);
    await session.note({ version: { model: version.value.model, versionId: version.value.versionId } });
    const endpoint = shared ?? (await completeStep(endpointStep(name, held), session, context, limits)).value;
    const isNew = version.changed ? version.value : null;
    const deployed = await ensureDeployed(
      {
        ...work,
        attempt: session.record.attempt,
        version: version.value,
        endpoint,
        cleanUp: async () => {
          const left = await removeFailed({ endpointId: shared ? null : endpoint.id, version: isNew }, call);
          if (left === "" && isNew) await session.note({ version: null });
          return left;
        },
      },
      session,
      held,
      limits,
    );
    const target = { endpointId: endpoint.id, name, deployedModelId: deployed.id };
    const serving = await shiftTraffic(target, shared ? (now) => sharedPercent(now, name, held) : () => 100, held);
    await session.end((record) => {
      const ended = session.withEntry(record, { ...entry, outcome: "succeeded" });
      return { ...ended, pending: null, completedAt: new Date(services.clock.now()).toISOString() };
    });
    const stored = { record: session.record, generation: "" };
    const described = describeDeployment(observed(name, stored, serving), version.value, services.clock.now());
    return { ...described, changed: true };
  } catch (error) {
    throw await fail(error, name, session, call, (record, failure) => ({
      ...session.withEntry(record, { ...entry, outcome: "failed", error: failure.message }),
      attempt: record.pending?.step === "deploy" ? record.attempt + 1 : record.attempt,
      pending: null,
    }));
  }
}

/** The share of a deployment that is new on a shared endpoint: what was asked for, or all where nobody has any. */
function sharedPercent(endpoint: Endpoint, name: string, { settings }: Call): number | null {
  if (settings.trafficPercent !== undefined) return settings.trafficPercent;
  const own = shareOf(endpoint, name);
  const others = Object.values(endpoint.trafficSplit).reduce((sum, percent) => sum + percent, 0) - own;
  return others === 0 ? 100 : null;
}

/** The deployment, when the very same is there, finished; null when there is work to do. */
async function finishedAlready({ name, spec }: Wanted, seen: Observed, call: Call): Promise<CreatedDeployment | null> {
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
  const record = seen.stored?.record ?? null;
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

function firstRecord(
  { name, spec, shared }: Work,
  earlier: DeploymentRecord | null,
  deployed: number | null,
): DeploymentRecord {
  const same = earlier?.spec?.specHash === spec.specHash;
  return {
    ...newRecord(name),
    spec,
    endpoint: shared?.id ?? null,
    version: same ? (earlier?.version ?? null) : null,
    attempt: deployed ?? (same ? (earlier?.attempt ?? 0) : 0),
    pending: same ? (earlier?.pending ?? null) : null,
    history: earlier?.history ?? [],
  };
}
