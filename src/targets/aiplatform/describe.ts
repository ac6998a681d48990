import type { Deployment, DeploymentState } from "../../core/deployment.js";
import type { Endpoint, ModelVersion } from "../../core/services.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import type { Observed } from "./observe.js";

/** A deployment as its caller sees it. */
export function describeDeployment(seen: Observed, version: ModelVersion | null, now: number): Deployment {
  const { name, endpoint, shared, deployed, stored } = seen;
  const spec = stored?.record.spec ?? null;
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
    history: stored?.record.history ?? [],
  };
}

/** The registry version that gets most of a deployment's traffic. */
export async function servingVersion(
  { deployed }: Observed,
  { services, context }: Call,
): Promise<ModelVersion | null> {
  const [first] = deployed.toSorted((a, b) => b.trafficPercent - a.trafficPercent);
  if (!first) return null;
  const name = first.modelVersionId ? `${first.model}@${first.modelVersionId}` : first.model;
  return services.versionManager.get(name, context);
}

function describeEndpoint({ id, name, createTime }: Endpoint, shared: boolean): Deployment["endpoint"] {
  return { id, name, shared, createTime };
}

function stateOf(seen: Observed, now: number): DeploymentState {
  const record = seen.stored?.record ?? null;
  const isWorkedOn = record !== null && record.lock !== null && isHeld(record.lock, now);
  // on an endpoint that it shares, a deployment may have no traffic by intent
  const serves = seen.shared
    ? seen.deployed.length > 0 && (record === null || record.completedAt !== null)
    : seen.deployed.some((model) => model.trafficPercent > 0);
  if (serves) return isWorkedOn ? "updating" : "ready";
  return isWorkedOn ? "creating" : "incomplete";
}
