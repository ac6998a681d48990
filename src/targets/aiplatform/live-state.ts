import type { Deployment, DeploymentState } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { DeploymentRecord, DeploymentSpec } from "../../core/record.js";
import type { Endpoint, ModelVersion, StoredRecord } from "../../core/services.js";
import type { LiveDeployment } from "../../rollout/decide-create.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import { managedBy } from "./spec.js";

/** What the platform and the record show of a deployment. */
export interface Observed {
  endpoint: Endpoint | null;
  stored: StoredRecord | null;
}

/** How many failed attempts to deploy a spec are known again when the record that counted them is lost. */
const knownAttempts = 32;

/** Reads what there is of a deployment. */
export async function observe(name: string, { services, context }: Call): Promise<Observed> {
  // The record first: whoever changes the endpoint after this read has changed the record too, and the lock is refused.
  const stored = await services.deploymentStore.read(name, context);
  const endpoint = await services.endpointManager.find(services.names.endpointId(name), context);
  if (endpoint) refuseForeign(name, endpoint);
  return { endpoint, stored };
}

/** What runs, held against a spec. */
export function liveDeployment(
  name: string,
  endpoint: Endpoint | null,
  spec: DeploymentSpec,
  call: Call,
): LiveDeployment {
  const deployed = endpoint?.deployedModels ?? [];
  const attempt = deployedAttempt(name, endpoint, spec, call);
  const id = attempt === null ? null : call.services.names.deployedModelId(name, spec.specHash, attempt);
  return {
    hasDeployedModel: deployed.length > 0,
    matchesSpec: id !== null,
    hasAllTraffic: deployed.find((model) => model.id === id)?.trafficPercent === 100,
  };
}

/** Which attempt to deploy a spec is on the endpoint; null when none is. */
export function deployedAttempt(
  name: string,
  endpoint: Endpoint | null,
  spec: DeploymentSpec,
  { services }: Call,
): number | null {
  const ids = new Set((endpoint?.deployedModels ?? []).map((model) => model.id));
  for (let attempt = 0; attempt < knownAttempts; attempt++) {
    if (ids.has(services.names.deployedModelId(name, spec.specHash, attempt))) return attempt;
  }
  return null;
}

/** A deployment as its caller sees it. */
export function describeDeployment(
  endpoint: Endpoint,
  version: ModelVersion | null,
  record: DeploymentRecord | null,
  now: number,
): Deployment {
  const spec = record?.spec ?? null;
  return {
    name: endpoint.displayName,
    flavor: spec?.flavor ?? null,
    state: stateOf(endpoint, record, now),
    endpoint: { id: endpoint.id, name: endpoint.name, shared: false, createTime: endpoint.createTime },
    deployedModels: endpoint.deployedModels,
    model: version && {
      name: version.model,
      versionId: version.versionId,
      aliases: version.aliases,
      source: spec?.modelUri ?? null,
    },
    hashes: {
      spec: spec?.specHash ?? version?.labels["spec-hash"] ?? null,
      environment: spec?.environmentHash ?? version?.labels["environment-hash"] ?? null,
    },
    settings: spec?.settings ?? {},
    trafficPercent: endpoint.deployedModels.reduce((sum, model) => sum + model.trafficPercent, 0),
    history: record?.history ?? [],
  };
}

/** The registry version that gets most of an endpoint's traffic. */
export async function servingVersion(endpoint: Endpoint, { services, context }: Call): Promise<ModelVersion | null> {
  const [first] = endpoint.deployedModels.toSorted((a, b) => b.trafficPercent - a.trafficPercent);
  if (!first) return null;
  const name = first.modelVersionId ? `${first.model}@${first.modelVersionId}` : first.model;
  return services.versionManager.get(name, context);
}

function stateOf(endpoint: Endpoint, record: DeploymentRecord | null, now: number): DeploymentState {
  if (endpoint.deployedModels.some((model) => model.trafficPercent > 0)) return "ready";
  return record?.lock && isHeld(record.lock, now) ? "creating" : "incomplete";
}

function refuseForeign(name: string, endpoint: Endpoint): void {
  if (endpoint.labels["managed-by"] === managedBy && endpoint.displayName === name) return;
  throw new DeploymentError(
    "RESOURCE_CONFLICT",
    `The endpoint ${endpoint.name} has the id of the deployment "${name}", but its label managed-by or its display name says that it is not of this package. Restore them, or choose another name.`,
  );
}
