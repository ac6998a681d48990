import type { CreatedDeployment, Deployment, DeploymentState } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { DeploymentRecord, DeploymentSpec } from "../../core/record.js";
import type { Endpoint, ModelVersion, StoredRecord } from "../../core/services.js";
import type { LiveDeployment } from "../../rollout/decide-create.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";

/** What the platform and the record show of a deployment. */
export interface Observed {
  endpoint: Endpoint | null;
  stored: StoredRecord | null;
}

/** How many failed attempts to deploy a spec are known again when the record that counted them is lost. */
const knownAttempts = 32;

/** Reads what there is of a deployment. */
export async function observe(name: string, { services, context }: Call): Promise<Observed> {
  const [endpoint, stored] = await Promise.all([
    services.endpointManager.find(services.names.endpointId(name), context),
    services.deploymentStore.read(name, context),
  ]);
  if (endpoint) refuseForeign(name, endpoint);
  return { endpoint, stored };
}

/** What runs, held against a spec. */
export function liveDeployment(name: string, endpoint: Endpoint | null, spec: DeploymentSpec, { services }: Call): LiveDeployment {
  const deployed = endpoint?.deployedModels ?? [];
  const ids = new Set(
    Array.from({ length: knownAttempts }, (_, attempt) => services.names.deployedModelId(name, spec.specHash, attempt)),
  );
  const ours = deployed.filter((model) => ids.has(model.id));
  return {
    endpointExists: endpoint !== null,
    hasDeployedModel: deployed.length > 0,
    matchesSpec: ours.length > 0,
    hasAllTraffic: ours.reduce((sum, model) => sum + model.trafficPercent, 0) === 100,
  };
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
    endpoint: { id: endpoint.id, name: endpoint.name, createTime: endpoint.createTime },
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
  };
}

/** The result of `createDeployment`. */
export function describeCreated(
  endpoint: Endpoint,
  version: ModelVersion | null,
  record: DeploymentRecord | null,
  now: number,
  changed: boolean,
): CreatedDeployment {
  return { ...describeDeployment(endpoint, version, record, now), changed };
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
  if (endpoint.labels["managed-by"] === "mlflow-deployments" && endpoint.displayName === name) return;
  throw new DeploymentError(
    "RESOURCE_CONFLICT",
    `The endpoint ${endpoint.name} has the id of the deployment "${name}", but its label managed-by or its display name says that it is not of this package. Restore them, or choose another name.`,
  );
}
