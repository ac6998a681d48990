import type { DeployedModel, Deployment } from "../../core/deployment.js";
import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import { type MemoryDeployment, type MemoryEndpoint, type MemoryState, modelName, resourceName } from "./state.js";
import { specHash } from "./wanted.js";

/** A deployment as clients see it: a copy, so that nobody's change of it reaches the target. */
export function describeDeployment(deployment: MemoryDeployment, state: MemoryState): Deployment {
  const { name, flavor, version, settings, history } = deployment;
  const endpoint = state.endpoint(deployment.endpoint);
  return structuredClone({
    name,
    flavor,
    state: deployment.state,
    endpoint: {
      id: endpoint.id,
      name: resourceName(endpoint.id),
      shared: endpoint.shared,
      createTime: endpoint.createTime,
    },
    deployedModels: [describeDeployedModel(deployment, endpoint)],
    trafficPercent: endpoint.traffic[name] ?? 0,
    model: {
      name: modelName(version.model),
      versionId: version.versionId,
      aliases: version.versionId === "1" ? ["default"] : [],
      source: version.modelUri,
    },
    hashes: { spec: specHash(deployment.version.modelUri, settings), environment: null },
    settings,
    history,
  });
}

/** A shared endpoint as clients see it: a copy. */
export function describeEndpoint(endpoint: MemoryEndpoint, state: MemoryState): ServingEndpoint {
  const { endpointDescription, labels } = endpoint.settings;
  return structuredClone({
    name: endpoint.id,
    id: endpoint.id,
    resourceName: resourceName(endpoint.id),
    description: typeof endpointDescription === "string" ? endpointDescription : null,
    labels: (labels ?? {}) as Record<string, string>,
    deployedModels: state.on(endpoint).map((deployment) => describeDeployedModel(deployment, endpoint)),
    traffic: endpoint.traffic,
    dedicatedHost: null,
    createTime: endpoint.createTime,
  });
}

function describeDeployedModel(deployment: MemoryDeployment, endpoint: MemoryEndpoint): DeployedModel {
  return {
    id: deployment.deployedModelId,
    displayName: deployment.name,
    model: modelName(deployment.version.model),
    modelVersionId: deployment.version.versionId,
    trafficPercent: endpoint.traffic[deployment.name] ?? 0,
    machineType: null,
    minReplicaCount: null,
    maxReplicaCount: null,
    accelerator: null,
    serviceAccount: null,
    predictUrl: null,
    createTime: deployment.createTime,
  };
}
