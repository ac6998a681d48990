import type { CreatedDeployment, UpdatedDeployment } from "../../core/deployment.js";
import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { ChangeOptions, CreateDeploymentOptions, UpdateDeploymentOptions } from "../../core/options.js";
import { type DeploymentStep, safeProgress } from "../../core/progress.js";
import type { HistoryEntry } from "../../core/record.js";
import { describeDeployment } from "./describe.js";
import type { InMemoryConfig, InMemoryOptions } from "./options.js";
import type { MemoryDeployment, MemoryEndpoint, MemoryState } from "./state.js";
import { TrafficRouter, withoutShare, withShare } from "./traffic.js";
import { differences, specHash, type Wanted, wantedByCreate, wantedByUpdate } from "./wanted.js";

/** What the calls of one target in memory share. */
export interface Memory {
  state: MemoryState;
  options: Pick<InMemoryOptions, "flavors" | "start">;
  /** RFC 3339. */
  now(): string;
}

type Change = ChangeOptions<InMemoryConfig>;

/** Deploys a model, or goes on with it, or finds it there. */
export async function createDeployment(
  options: CreateDeploymentOptions<InMemoryConfig>,
  memory: Memory,
): Promise<CreatedDeployment> {
  const { state } = memory;
  const wanted = await step("resolve", "The model", options, () =>
    wantedByCreate(options, state, memory.options.flavors),
  );
  const existing = state.deployments.get(wanted.name);
  if (existing) {
    refuseOther(existing, wanted, state);
    if (existing.state === "ready") return { ...describeDeployment(existing, state), changed: false };
    refuseBusy(existing);
  }
  const endpoint = wanted.endpoint === null ? ownEndpoint(wanted.name, memory) : state.endpoint(wanted.endpoint);
  const traffic = withNewcomer(endpoint, wanted.name, options.config);
  const deployment = existing ?? newDeployment(wanted, endpoint, memory);
  deployment.state = "creating";
  state.endpoints.set(endpoint.id, endpoint);
  state.deployments.set(wanted.name, deployment);
  try {
    await serve(wanted, options, memory);
  } catch (error) {
    // cut off, the same call goes on with it; failed, nothing is left behind
    if (DeploymentError.is(error) && error.code === "CANCELLED") deployment.state = "incomplete";
    else remove(deployment, state);
    throw error;
  }
  endpoint.traffic = traffic;
  deployment.state = "ready";
  deployment.history.push(entry("create", deployment, options, memory));
  return { ...describeDeployment(deployment, state), changed: true };
}

/** Changes what serves. The old goes on until the new one starts. */
export async function updateDeployment(
  options: UpdateDeploymentOptions<InMemoryConfig>,
  memory: Memory,
): Promise<UpdatedDeployment> {
  const { state } = memory;
  const current = state.deployment(options.name, options.endpoint);
  const endpoint = state.endpoint(current.endpoint);
  const wanted = await step("resolve", "The model", options, () =>
    wantedByUpdate(options, current, memory.options.flavors),
  );
  if (current.state === "incomplete") {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The deployment "${current.name}" is not finished. Run its createDeployment again to go on with it.`,
    );
  }
  refuseBusy(current);
  const percent = options.config?.trafficPercent;
  const traffic = percent === undefined ? endpoint.traffic : withShare(endpoint.traffic, current.name, percent);
  const moves = percent !== undefined && percent !== (endpoint.traffic[current.name] ?? 0);
  if (differences(current, endpoint.shared, wanted).length === 0 && !moves) {
    return { ...describeDeployment(current, state), changed: false };
  }
  current.state = "updating";
  try {
    if (wanted.modelUri !== current.version.modelUri) {
      await serve(wanted, options, memory);
      current.version = state.version(current.name, wanted.modelUri, memory.now());
      current.deployedModelId = String(state.nextId());
    }
    Object.assign(current, { flavor: wanted.flavor, settings: wanted.settings });
    endpoint.traffic = traffic;
    current.history.push(entry("update", current, options, memory));
  } catch (error) {
    const { message } = DeploymentError.from(error, "updateDeployment");
    current.history.push({ ...entry("update", current, options, memory), outcome: "failed", error: message });
    throw error;
  } finally {
    current.state = "ready";
  }
  return { ...describeDeployment(current, state), changed: true };
}

/** Takes a deployment away, and its endpoint where it has one of its own. Does nothing where there is none. */
export async function deleteDeployment(
  options: Change & { name: string; endpoint?: string | undefined },
  memory: Memory,
): Promise<void> {
  const { state } = memory;
  const deployment = state.deployments.get(options.name);
  if (!deployment || (options.endpoint !== undefined && !isOn(deployment, options.endpoint, state))) return;
  refuseBusy(deployment);
  await step("undeploy", "The model", options, () => remove(deployment, state));
}

/** A step that takes a moment in which the caller may give up. */
async function step<T>(name: DeploymentStep, what: string, options: Change, work: () => T | Promise<T>): Promise<T> {
  const report = safeProgress(options.onProgress);
  report({ type: "step", step: name, status: "started", message: what });
  await Promise.resolve();
  throwIfCancelled(options.signal, `The step ${name}`);
  const result = await work();
  report({ type: "step", step: name, status: "done", message: what });
  return result;
}

async function serve(wanted: Wanted, options: Change, { options: { start } }: Memory): Promise<void> {
  await step("deploy", wanted.modelUri, options, async () => {
    try {
      await start?.(wanted.modelUri);
    } catch (error) {
      if (DeploymentError.is(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new DeploymentError("FAILED_PRECONDITION", `The model ${wanted.modelUri} did not start: ${reason}`, {
        cause: error,
      });
    }
  });
  throwIfCancelled(options.signal, "The step deploy");
}

function newDeployment(wanted: Wanted, endpoint: MemoryEndpoint, memory: Memory): MemoryDeployment {
  const { name, flavor, modelUri, settings } = wanted;
  const createTime = memory.now();
  return {
    name,
    flavor,
    state: "creating",
    endpoint: endpoint.id,
    version: memory.state.version(name, modelUri, createTime),
    deployedModelId: String(memory.state.nextId()),
    settings,
    history: [],
    log: [`${createTime} serving ${modelUri}`],
    createTime,
  };
}

function ownEndpoint(name: string, memory: Memory): MemoryEndpoint {
  const id = `own-${name}`;
  const existing = memory.state.endpoints.get(id);
  if (existing?.shared) {
    throw new DeploymentError("RESOURCE_ALREADY_EXISTS", `The endpoint "${id}" is there already, and is a shared one.`);
  }
  const made = { id, shared: false, settings: {}, traffic: {}, router: new TrafficRouter(), createTime: memory.now() };
  return existing ?? made;
}

/** All for the first on an endpoint, nothing for a later one, unless its settings say what. */
function withNewcomer(
  endpoint: MemoryEndpoint,
  name: string,
  config: InMemoryConfig | undefined,
): Record<string, number> {
  const isFirst = Object.keys(endpoint.traffic).every((other) => other === name);
  return withShare(endpoint.traffic, name, config?.trafficPercent ?? (isFirst ? 100 : 0));
}

function remove(deployment: MemoryDeployment, state: MemoryState): void {
  const endpoint = state.endpoint(deployment.endpoint);
  endpoint.traffic = withoutShare(endpoint.traffic, deployment.name);
  if (!endpoint.shared) state.endpoints.delete(endpoint.id);
  state.deployments.delete(deployment.name);
}

function isOn(deployment: MemoryDeployment, endpoint: string, state: MemoryState): boolean {
  return state.endpoint(endpoint).id === deployment.endpoint;
}

function refuseOther(existing: MemoryDeployment, wanted: Wanted, state: MemoryState): void {
  const different = differences(existing, state.endpoint(existing.endpoint).shared, wanted);
  if (different.length === 0) return;
  throw new DeploymentError(
    "RESOURCE_ALREADY_EXISTS",
    `Another deployment "${wanted.name}" is there already: ${different.join("; ")}. Choose another name, or call updateDeployment.`,
  );
}

function refuseBusy({ name, state }: MemoryDeployment): void {
  if (state !== "creating" && state !== "updating") return;
  throw new DeploymentError("RESOURCE_CONFLICT", `Another call is ${state} the deployment "${name}".`, {
    retryable: true,
  });
}

function entry(
  action: HistoryEntry["action"],
  { version, settings }: MemoryDeployment,
  { message }: Change,
  memory: Memory,
): HistoryEntry {
  return {
    at: memory.now(),
    action,
    outcome: "succeeded",
    specHash: specHash(version.modelUri, settings),
    modelUri: version.modelUri,
    modelVersionId: version.versionId,
    ...(message === undefined ? {} : { message }),
  };
}
