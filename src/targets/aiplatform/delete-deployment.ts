import type { DeployedModel } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Operation } from "../../core/operation.js";
import type { DeleteDeploymentOptions } from "../../core/options.js";
import type { DeploymentStep } from "../../core/progress.js";
import type { VersionName } from "../../core/record.js";
import type { Endpoint, ModelVersion } from "../../core/services.js";
import { newRecord } from "../../rollout/new-record.js";
import { RecordSession } from "../../rollout/record-session.js";
import { waitFor } from "../../rollout/resumable-step.js";
import { checkedMessage } from "./arguments.js";
import type { Call } from "./call.js";
import { changeEndpoint } from "./change-endpoint.js";
import type { AiPlatformConfig } from "./config/index.js";
import { required } from "./config/load-settings.js";
import { settle, settlePending } from "./deploy/settle-pending.js";
import { shareOf, shiftTraffic } from "./deploy/traffic-step.js";
import { isNamed } from "./endpoint-lookup.js";
import { observe, type Observed } from "./observe.js";
import { forgetEndpoint } from "./prediction-endpoint.js";
import { isOfDeployment, isOfSpec } from "./spec.js";

/**
 * Undeploys what a deployment serves, deletes the endpoint where it owns it, and its model's versions if asked to. What is
 * left is its history.
 */
export async function deleteDeployment(
  { name, endpoint, message }: DeleteDeploymentOptions<AiPlatformConfig>,
  call: Call,
): Promise<void> {
  const { services, settings, context } = call;
  required(settings, "productionBucket"); // the record there holds the lock
  const said = checkedMessage(message);
  const seen = await observe(name, call, endpoint);
  if (!isThere(seen) || (endpoint !== undefined && seen.endpoint && !isNamed(seen.endpoint, endpoint, call))) {
    context.report({ type: "step", step: "delete", status: "skipped", message: `there is no deployment "${name}"` });
    return;
  }
  const record = seen.stored?.record ?? { ...newRecord(name), endpoint: seen.shared ? seen.endpoint!.id : null };
  const session = await RecordSession.begin(services, seen.stored, record, call);
  const endpointId = seen.endpoint?.id ?? services.names.endpointId(name);
  forgetEndpoint(endpointId, services);
  const held: Call = { ...call, context: session.guard(context) };
  try {
    const { pending, version, spec } = session.record;
    const made = pending && (await settlePending(pending, endpointId, held));
    await session.begun("delete", { completedAt: null, version: made ?? version });
    const work = { name, session, call: held };
    const deployed = seen.shared ? await leaveEndpoint(endpointId, work) : await removeEndpoint(endpointId, work);
    if (settings.deleteModel) await removeVersions([...(await recordedVersions(work)), ...deployed], work);
    held.context.signal?.throwIfAborted();
    await session.end((last) => {
      const { history } = session.withEntry(last, { action: "delete", outcome: "succeeded", spec, message: said });
      return { ...newRecord(name), history, deletedAt: new Date(services.clock.now()).toISOString() };
    });
    context.report({ type: "step", step: "delete", status: "done", message: `the deployment "${name}"` });
  } catch (error) {
    await session.end().catch(() => {}); // the lock ends by itself
    throw session.lost.aborted ? session.lost.reason : error;
  }
}

function isThere({ stored, endpoint, shared, deployed }: Observed): boolean {
  if (stored && stored.record.deletedAt === null) return true;
  return endpoint !== null && (!shared || deployed.length > 0);
}

/** A delete under way. */
interface Deletion {
  name: string;
  session: RecordSession;
  call: Call;
}

/** Deletes the endpoint with all that is on it, and gives the versions of this deployment that were. */
async function removeEndpoint(id: string, work: Deletion): Promise<VersionName[]> {
  const { session, call } = work;
  const { endpointManager } = call.services;
  for (const operation of (await endpointManager.running(id, call.context)) ?? [])
    await settle(operation, { step: "delete" }, call);
  const endpoint = await endpointManager.find(id, call.context);
  if (!endpoint) return [];
  const versions = await ownVersions(endpoint.deployedModels, work);
  await undeployAll(id, work);
  await session.begun("delete");
  await wait(await endpointManager.delete(endpoint, call.context), "delete", call);
  call.context.report({ type: "step", step: "delete", status: "done", message: `the endpoint ${id}` });
  return versions;
}

/** Gives the deployment's share of a shared endpoint to the others, and undeploys it. Gives the versions of it that were. */
async function leaveEndpoint(id: string, work: Deletion): Promise<VersionName[]> {
  const { name, session, call } = work;
  const { services, settings, context } = call;
  const endpoint = await services.endpointManager.find(id, context);
  if (!endpoint) return [];
  const own = endpoint.deployedModels.filter((model) => model.displayName === name);
  const versions = await ownVersions(own, work);
  if (own.length === endpoint.deployedModels.length) {
    await undeployAll(id, work);
    return versions;
  }
  const leave = () =>
    shiftTraffic(
      { endpointId: id, name, deployedModelId: null },
      () => 0,
      () => session.begun("delete"),
      call,
    );
  if (shareOf(endpoint, name) > 0) {
    await leave();
    await services.clock.sleep(settings.drainSeconds * 1000, context.signal);
    await leave(); // somebody may have given it traffic again meanwhile
  }
  for (const model of own) await undeploy(endpoint, model, work);
  return versions;
}

/** Of what is deployed, the versions whose labels say that this deployment made them. */
async function ownVersions(deployed: DeployedModel[], { name, call }: Deletion): Promise<ModelVersion[]> {
  const { services, context, settings } = call;
  if (!settings.deleteModel) return [];
  const versions = await Promise.all(
    deployed.map(({ model, modelVersionId }) =>
      modelVersionId ? services.versionManager.get(`${model}@${modelVersionId}`, context) : Promise.resolve(null),
    ),
  );
  return versions.flatMap((version) =>
    version && isOfDeployment(version.labels, name, services.names) ? [version] : [],
  );
}

/** The versions that the record knows: those of now, and of earlier models where they say that they are of their specs. */
async function recordedVersions({ session, call }: Deletion): Promise<VersionName[]> {
  const { version, update, history } = session.record;
  const known = [version, update?.version ?? null].filter((each) => each !== null);
  const [first] = known;
  if (!first) return [];
  const earlier = await Promise.all(
    history.map(async ({ modelVersionId, specHash }) => {
      if (modelVersionId === null || known.some(({ versionId }) => versionId === modelVersionId)) return null;
      const found = await call.services.versionManager.get(`${first.model}@${modelVersionId}`, call.context);
      return found && isOfSpec(found.labels, specHash) ? found : null;
    }),
  );
  return [...known, ...earlier.filter((each) => each !== null)];
}

/** The last one may be undeployed with its traffic; the others must have none. */
async function undeployAll(id: string, work: Deletion): Promise<void> {
  const { session, call } = work;
  const giveToLast = async (endpoint: Endpoint) => {
    const last = endpoint.deployedModels.toSorted((a, b) => a.trafficPercent - b.trafficPercent).at(-1);
    if (!last || endpoint.deployedModels.length === 1 || last.trafficPercent === 100) return endpoint;
    await session.begun("delete");
    return call.services.endpointManager.setTraffic(endpoint, { [last.id]: 100 }, call.context);
  };
  const endpoint = await changeEndpoint(id, giveToLast, call);
  const models = endpoint.deployedModels.toSorted((a, b) => a.trafficPercent - b.trafficPercent);
  for (const model of models) await undeploy(endpoint, model, work);
}

async function undeploy(
  endpoint: Endpoint,
  { id, modelVersionId }: DeployedModel,
  { session, call }: Deletion,
): Promise<void> {
  await session.begun("delete");
  await wait(await call.services.endpointManager.undeploy(endpoint, id, call.context), "undeploy", call);
  const message = `${id} (version ${modelVersionId ?? "unknown"})`;
  call.context.report({ type: "step", step: "undeploy", status: "done", message });
}

async function removeVersions(versions: VersionName[], { session, call }: Deletion): Promise<void> {
  const { services, context } = call;
  const names = new Set<string>();
  for (const { model, versionId } of versions) {
    const name = `${model}@${versionId}`;
    if (names.has(name)) continue;
    names.add(name);
    await session.begun("delete");
    try {
      const removed = await services.versionManager.delete({ model, versionId }, context);
      context.report({
        type: "step",
        step: "delete",
        status: removed ? "done" : "skipped",
        message: `the version ${name}`,
      });
    } catch (error) {
      // it may be deployed elsewhere by somebody's hand, which must not keep this deployment from going
      if (!DeploymentError.is(error) || error.code !== "FAILED_PRECONDITION") throw error;
      context.report({ type: "warning", message: `The version ${name} stays: ${error.message}` });
    }
  }
}

function wait<T>(operation: Operation<T>, step: DeploymentStep, { settings, services, context }: Call): Promise<T> {
  return waitFor(operation, { step }, context, { timeoutSeconds: settings.deployTimeout, clock: services.clock });
}
