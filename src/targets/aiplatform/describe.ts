import type { Deployment, DeploymentState } from "../../core/deployment.js";
import type { Endpoint, ModelVersion } from "../../core/services.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import type { DeploymentView } from "./observe.js";

/** A deployment as its caller sees it. */
export function describeDeployment(seen: DeploymentView, version: ModelVersion | null, now: number): Deployment {
  const { name, endpoint, shared, deployed, record, spec } = seen;
  return {
    name,
    flavor: spec?.flavor ?? null,
    state: stateOf(seen, now),
    endpoint: endpoint && describeEndpoint(endpoint, shared),
    deployedModels: deployed,
    trafficPercent: deployed.reduce((sum, model) => sum + model.trafficPercent, 0),
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
    history: record?.history ?? [],
  };
}

/** The registry version that gets most of a deployment's traffic. */
export async function servingVersion(
  { serving }: DeploymentView,
  { services, context }: Call,
): Promise<ModelVersion | null> {
  if (!serving) return null;
  const name = serving.modelVersionId ? `${serving.model}@${serving.modelVersionId}` : serving.model;
  return services.versionManager.get(name, context);
}

function describeEndpoint({ id, name, createTime }: Endpoint, shared: boolean): Deployment["endpoint"] {
  return { id, name, shared, createTime };
}

function stateOf(seen: DeploymentView, now: number): DeploymentState {
  const { record } = seen;
  if (record?.pending?.step === "delete") return "deleting";
  const isWorkedOn = record !== null && record.lock !== null && isHeld(record.lock, now);
  // on an endpoint that it shares, a deployment may have no traffic by intent
  const serves = seen.shared
    ? seen.deployed.length > 0 && (record === null || record.completedAt !== null)
    : seen.deployed.some((model) => model.trafficPercent > 0);
  if (serves) return isWorkedOn ? "updating" : "ready";
  return isWorkedOn ? "creating" : "incomplete";
}
