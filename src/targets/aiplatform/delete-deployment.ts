import type { DeployedModel } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Operation } from "../../core/operation.js";
import type { DeleteDeploymentOptions } from "../../core/options.js";
import type { DeploymentStep } from "../../core/progress.js";
import type { DeploymentRecord, VersionName } from "../../core/record.js";
import type { Endpoint, ModelVersion } from "../../core/services.js";
import { newRecord } from "../../rollout/new-record.js";
import { RecordSession } from "../../rollout/record-session.js";
import { waitFor } from "../../rollout/resumable-step.js";
import { checkedMessage } from "./arguments.js";
import type { Call } from "./call.js";
import type { AiPlatformConfig } from "./config/index.js";
import { required } from "./config/load-settings.js";
import { shareOf, shiftTraffic } from "./deploy/traffic-step.js";
import { isNamed } from "./endpoint-lookup.js";
import { observe, type Observed } from "./observe.js";
import { forgetEndpoint } from "./prediction-endpoint.js";
import { isOfDeployment } from "./spec.js";

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
  const seen = await observe(name, null, call);
  if (!isThere(seen) || (endpoint !== undefined && seen.endpoint && !isNamed(seen.endpoint, endpoint))) {
    context.report({ type: "step", step: "delete", status: "skipped", message: `there is no deployment "${name}"` });
    return;
  }
  const record = seen.stored?.record ?? { ...newRecord(name), endpoint: seen.shared ? seen.endpoint!.id : null };
  const session = await RecordSession.begin(services, seen.stored, record, call);
  forgetEndpoint(seen.endpoint?.id ?? services.names.endpointId(name), services);
  const held: Call = { ...call, context: session.guard(context) };
  try {
    const made = await finishPending(session.record, seen, held);
    const { update, version, spec } = session.record;
    await session.note({ completedAt: null, version: made ?? version });
    await session.begun("delete");
    const deployed = seen.shared ? await leaveEndpoint(name, seen.endpoint!, held) : await removeEndpoint(name, held);
    const known = [session.record.version, update?.version ?? null].filter((each) => each !== null);
    if (settings.deleteModel) await removeVersions([...known, ...deployed], held);
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

/**
 * Waits for what a dead process began and may still be on its way. How it ends does not matter: what it made is deleted
 * next.
 *
 * @returns The version that it made, where it was one.
 */
async function finishPending(
  { pending }: DeploymentRecord,
  { endpoint, shared }: Observed,
  call: Call,
): Promise<VersionName | null> {
  const { endpointManager, versionManager } = call.services;
  if (pending?.step === "deploy" && pending.operation === null && shared && endpoint) {
    // which of the endpoint's operations it is, nothing tells
    const running = (await endpointManager.running(endpoint.id, call.context)) ?? [];
    for (const operation of running) await settled(operation, "delete", call);
  }
  if (!pending?.operation) return null;
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

/** Gives the deployment's share of a shared endpoint to the others, and undeploys it. Gives the versions of it that were. */
async function leaveEndpoint(name: string, shared: Endpoint, call: Call): Promise<VersionName[]> {
  const { services, settings, context } = call;
  const endpoint = await services.endpointManager.find(shared.id, context);
  if (!endpoint) return [];
  const own = endpoint.deployedModels.filter((model) => model.displayName === name);
  const versions = await ownVersions(name, { ...endpoint, deployedModels: own }, call);
  if (own.length === endpoint.deployedModels.length) {
    await undeployAll(endpoint, call);
    return versions;
  }
  if (shareOf(endpoint, name) > 0) {
    await shiftTraffic({ endpointId: endpoint.id, name, deployedModelId: null }, () => 0, call);
    await services.clock.sleep(settings.drainSeconds * 1000, context.signal);
  }
  for (const model of own) await undeploy(endpoint, model, call);
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
  for (const model of models) await undeploy(current, model, call);
}

async function undeploy(endpoint: Endpoint, { id, modelVersionId }: DeployedModel, call: Call): Promise<void> {
  await wait(await call.services.endpointManager.undeploy(endpoint, id, call.context), "undeploy", call);
  const message = `${id} (version ${modelVersionId ?? "unknown"})`;
  call.context.report({ type: "step", step: "undeploy", status: "done", message });
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
