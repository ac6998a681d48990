import type { DeploymentRecord } from "../../core/record.js";
import type { Operation } from "../../core/operation.js";
import type { DeploymentStep } from "../../core/progress.js";
import type { Endpoint, ModelVersion } from "../../core/services.js";
import { RecordSession } from "../../rollout/record-session.js";
import type { Call } from "./call.js";
import { required } from "./config/load-settings.js";
import { observe } from "./live-state.js";

type VersionName = Pick<ModelVersion, "model" | "versionId">;

/** Undeploys what a deployment serves, deletes the endpoint that it owns, and its model's versions if asked to. */
export async function deleteDeployment(name: string, call: Call): Promise<void> {
  const { services, settings, context } = call;
  required(settings, "productionBucket"); // the record there holds the lock
  const { endpoint, stored } = await observe(name, call);
  if (!endpoint && !stored) {
    context.report({ type: "step", step: "delete", status: "skipped", message: `there is no deployment "${name}"` });
    return;
  }
  const session = await RecordSession.begin(services.deploymentStore, services.clock, stored, stored?.record ?? lostRecord(name), context);
  try {
    await finishPending(session, call);
    const versions = await removeEndpoint(name, session.record, call);
    if (settings.deleteModel) for (const version of versions) await removeVersion(version, call);
    await session.endByDeleting(context);
    context.report({ type: "step", step: "delete", status: "done", message: `the deployment "${name}"` });
  } catch (error) {
    await session.end().catch(() => {}); // the lock ends by itself
    throw error;
  }
}

/** What a dead process began may still be on its way, and the platform deletes no endpoint that is being deployed to. */
async function finishPending(session: RecordSession, call: Call): Promise<void> {
  const { pending, name } = session.record;
  if (!pending || pending.step === "version") return;
  const { endpointManager, names } = call.services;
  const operations = pending.operation
    ? [endpointManager.attach(pending.operation)]
    : ((await endpointManager.running(names.endpointId(name), pending.startedAt, call.context)) ?? []);
  for (const operation of operations) {
    // how it ended does not matter: what it made is deleted next
    await wait(operation, "delete", call).catch((error: unknown) => {
      if (call.context.signal?.aborted) throw error;
    });
  }
}

async function removeEndpoint(name: string, record: DeploymentRecord, call: Call): Promise<VersionName[]> {
  const { endpointManager, names } = call.services;
  const endpoint = await endpointManager.find(names.endpointId(name), call.context);
  const recorded = record.version ? [record.version] : [];
  if (!endpoint) return recorded;
  const deployed = endpoint.deployedModels.flatMap(({ model, modelVersionId }) => (modelVersionId ? [{ model, versionId: modelVersionId }] : []));
  await undeployAll(endpoint, call);
  await wait(await endpointManager.delete(endpoint, call.context), "delete", call);
  call.context.report({ type: "step", step: "delete", status: "done", message: `the endpoint ${endpoint.id}` });
  return [...deployed, ...recorded.filter((version) => !deployed.some((other) => same(other, version)))];
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
  for (const model of models) {
    await wait(await endpointManager.undeploy(current, model.id, call.context), "undeploy", call);
    call.context.report({ type: "step", step: "undeploy", status: "done", message: `${model.id} (version ${model.modelVersionId ?? "unknown"})` });
  }
}

async function removeVersion(version: VersionName, { services, context }: Call): Promise<void> {
  const removed = await services.versionManager.delete(version, context);
  context.report({ type: "step", step: "delete", status: removed ? "done" : "skipped", message: `the version ${version.model}@${version.versionId}` });
}

function wait<T>(operation: Operation<T>, step: DeploymentStep, { settings, context }: Call): Promise<T> {
  return operation.wait({
    signal: context.signal,
    timeoutSeconds: settings.deployTimeout,
    onPoll: ({ stage, elapsedSeconds }) => context.report({ type: "operation", step, operation: operation.name, stage, elapsedSeconds }),
  });
}

function same(a: VersionName, b: VersionName): boolean {
  return a.model === b.model && a.versionId === b.versionId;
}

function lostRecord(name: string): DeploymentRecord {
  return { schemaVersion: 1, name, spec: null, version: null, attempt: 0, pending: null, completedAt: null, lock: null, history: [] };
}
