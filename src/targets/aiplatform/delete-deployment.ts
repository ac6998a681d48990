import { DeploymentError } from "../../core/errors.js";
import type { DeleteDeploymentOptions } from "../../core/options.js";
import type { Operation } from "../../core/operation.js";
import type { DeploymentStep } from "../../core/progress.js";
import type { DeploymentRecord, VersionName } from "../../core/record.js";
import type { Endpoint, ModelVersion } from "../../core/services.js";
import { newRecord } from "../../rollout/new-record.js";
import { RecordSession } from "../../rollout/record-session.js";
import { waitFor } from "../../rollout/resumable-step.js";
import type { Call } from "./call.js";
import type { AiPlatformConfig } from "./config/index.js";
import { required } from "./config/load-settings.js";
import { observe } from "./live-state.js";
import { forgetEndpoint } from "./predict.js";
import { isOfDeployment } from "./spec.js";

/** Undeploys what a deployment serves, deletes the endpoint that it owns, and its model's versions if asked to. */
export async function deleteDeployment({ name }: DeleteDeploymentOptions<AiPlatformConfig>, call: Call): Promise<void> {
  const { services, settings, context } = call;
  required(settings, "productionBucket"); // the record there holds the lock
  const { endpoint, stored } = await observe(name, call);
  if (!endpoint && !stored) {
    context.report({ type: "step", step: "delete", status: "skipped", message: `there is no deployment "${name}"` });
    return;
  }
  const { deploymentStore, clock } = services;
  const session = await RecordSession.begin(deploymentStore, clock, stored, stored?.record ?? newRecord(name), context);
  forgetEndpoint(services.names.endpointId(name), services);
  const held: Call = { ...call, context: session.guard(context) };
  try {
    const version = (await finishPending(session.record, held)) ?? session.record.version;
    await session.note({ completedAt: null, version });
    await session.begun("delete");
    const deployed = await removeEndpoint(name, held);
    if (settings.deleteModel) await removeVersions([...(version ? [version] : []), ...deployed], held);
    await session.endByDeleting(held.context);
    context.report({ type: "step", step: "delete", status: "done", message: `the deployment "${name}"` });
  } catch (error) {
    await session.end().catch(() => {}); // the lock ends by itself
    throw session.lost.aborted ? session.lost.reason : error;
  }
}

/**
 * Waits for what a dead process began and may still be on its way. How it ends does not matter: what it made is deleted
 * next.
 *
 * @returns The version that it made, where it was one.
 */
async function finishPending({ pending }: DeploymentRecord, call: Call): Promise<VersionName | null> {
  if (!pending?.operation) return null;
  const { endpointManager, versionManager } = call.services;
  if (pending.step === "version") return settled(versionManager.attach(pending.operation), "version", call);
  const operation = endpointManager.attach(pending.operation);
  if (pending.step === "deploy") await operation.cancel().catch(() => {}); // best effort, as the platform's own is
  await settled(operation, "delete", call);
  return null;
}

/** Deletes the endpoint with all that is on it, and gives the versions of this deployment that were. */
async function removeEndpoint(name: string, call: Call): Promise<VersionName[]> {
  const { services, context } = call;
  const { endpointManager, names } = services;
  const id = names.endpointId(name);
  for (const operation of (await endpointManager.running(id, context)) ?? []) await settled(operation, "delete", call);
  const endpoint = await endpointManager.find(id, context);
  if (!endpoint) return [];
  const versions = await ownVersions(name, endpoint, call);
  await undeployAll(endpoint, call);
  await wait(await endpointManager.delete(endpoint, context), "delete", call);
  context.report({ type: "step", step: "delete", status: "done", message: `the endpoint ${endpoint.id}` });
  return versions;
}

/** Of what is on the endpoint, the versions whose labels say that this deployment made them. */
async function ownVersions(
  name: string,
  endpoint: Endpoint,
  { services, context, settings }: Call,
): Promise<ModelVersion[]> {
  if (!settings.deleteModel) return [];
  const { versionManager, names } = services;
  const versions = await Promise.all(
    endpoint.deployedModels.map(({ model, modelVersionId }) =>
      modelVersionId ? versionManager.get(`${model}@${modelVersionId}`, context) : Promise.resolve(null),
    ),
  );
  return versions.flatMap((version) => (version && isOfDeployment(version.labels, name, names) ? [version] : []));
}

/** The last one may be undeployed with its traffic; the others must have none. */
async function undeployAll(endpoint: Endpoint, call: Call): Promise<void> {
  const { endpointManager } = call.services;
  const models = endpoint.deployedModels.toSorted((a, b) => a.trafficPercent - b.trafficPercent);
  const last = models.at(-1);
  let current = endpoint;
  if (last && models.length > 1 && last.trafficPercent < 100) {
    current = await endpointManager.setTraffic(current, { [last.id]: 100 }, call.context);
  }
  for (const { id, modelVersionId } of models) {
    await wait(await endpointManager.undeploy(current, id, call.context), "undeploy", call);
    const message = `${id} (version ${modelVersionId ?? "unknown"})`;
    call.context.report({ type: "step", step: "undeploy", status: "done", message });
  }
}

async function removeVersions(versions: VersionName[], { services, context }: Call): Promise<void> {
  const names = new Set<string>();
  for (const { model, versionId } of versions) {
    const name = `${model}@${versionId}`;
    if (names.has(name)) continue;
    names.add(name);
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

/** The result of an operation; null when it failed. */
async function settled<T>(operation: Operation<T>, step: DeploymentStep, call: Call): Promise<T | null> {
  try {
    return await wait(operation, step, call);
  } catch (error) {
    if (call.context.signal?.aborted) throw error;
    return null;
  }
}
