import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";

import type { DeployedModel } from "../../../core/deployment.js";
import type { DeployRequest, Endpoint, EndpointChange, EndpointRequest, Scaling } from "../../../core/services.js";
import { idOf, projectOf, type ResourceNames, withoutVersion } from "./resource-names.js";

export type EndpointResource = aiplatform_v1.Schema$GoogleCloudAiplatformV1Endpoint;
export type DeployedModelResource = aiplatform_v1.Schema$GoogleCloudAiplatformV1DeployedModel;

/** In a traffic split, the model that is being deployed (`DeployModelRequest.traffic_split`). */
const thisOne = "0";

/** The endpoint as `endpoints.create` takes it. */
export function endpointResource(request: EndpointRequest): EndpointResource {
  return {
    displayName: request.displayName,
    labels: request.labels,
    ...(request.dedicated && { dedicatedEndpointEnabled: true }),
    ...(request.encryptionKey !== null && { encryptionSpec: { kmsKeyName: request.encryptionKey } }),
    ...(request.network !== null && { network: request.network }),
    ...(request.description !== null && { description: request.description }),
    ...(request.inferenceTimeout !== null && { clientConnectionConfig: connectionConfig(request.inferenceTimeout) }),
  };
}

/** The body of `endpoints.patch` and its mask: what changes, and the etag that guards it. */
export function endpointPatch(
  { labels, description, inferenceTimeout }: EndpointChange,
  etag: string | null,
): { requestBody: EndpointResource; updateMask: string } {
  const fields: EndpointResource = {
    ...(labels && { labels }),
    ...(description !== undefined && { description }),
    ...(inferenceTimeout !== undefined && { clientConnectionConfig: connectionConfig(inferenceTimeout) }),
  };
  return { requestBody: { ...fields, ...(etag !== null && { etag }) }, updateMask: Object.keys(fields).join(",") };
}

/** The body of `endpoints.mutateDeployedModel`. */
export function scaleRequestBody(
  id: string,
  { deployedModels }: Endpoint,
  scaling: Scaling,
): aiplatform_v1.Schema$GoogleCloudAiplatformV1MutateDeployedModelRequest {
  const { machineType, accelerator } = deployedModels.find((deployed) => deployed.id === id) ?? {};
  return {
    deployedModel: {
      id,
      dedicatedResources: {
        // required in the message, though the mask leaves it as it is
        ...(machineType && { machineSpec: machineSpec(machineType, accelerator ?? null) }),
        ...replicas(scaling),
      },
    },
    updateMask: ["minReplicaCount", "maxReplicaCount", "autoscalingMetricSpecs"]
      .map((field) => `dedicatedResources.${field}`)
      .join(","),
  };
}

function machineSpec(machineType: string, accelerator: DeployedModel["accelerator"]) {
  return {
    machineType,
    ...(accelerator && { acceleratorType: accelerator.type, acceleratorCount: accelerator.count }),
  };
}

function connectionConfig(seconds: number) {
  return { inferenceTimeout: `${seconds}s` };
}

function replicas({ minReplicaCount, maxReplicaCount, autoscalingTargets }: Scaling) {
  const specs = Object.entries(autoscalingTargets).map(([metricName, target]) => ({ metricName, target }));
  return { minReplicaCount, maxReplicaCount, ...(specs.length > 0 && { autoscalingMetricSpecs: specs }) };
}

/** The body of `endpoints.deployModel`: an absent traffic split leaves the traffic as it is. */
export function deployRequestBody(
  request: DeployRequest,
): aiplatform_v1.Schema$GoogleCloudAiplatformV1DeployModelRequest {
  const { version, accelerator, serviceAccount } = request;
  return {
    deployedModel: {
      id: request.deployedModelId,
      displayName: request.displayName,
      model: `${version.model}@${version.versionId}`,
      dedicatedResources: {
        machineSpec: machineSpec(request.machineType, accelerator),
        ...replicas(request),
      },
      ...(serviceAccount !== null && { serviceAccount }),
    },
    ...(request.takesTraffic && { trafficSplit: { [thisOne]: 100 } }),
  };
}

/** An endpoint as Vertex AI answers it. */
export function toEndpoint(resource: EndpointResource, names: ResourceNames): Endpoint {
  const name = resource.name ?? "";
  const trafficSplit = resource.trafficSplit ?? {};
  const sameProject = projectOf(name);
  return {
    id: idOf(name),
    name: names.own(name),
    displayName: resource.displayName ?? "",
    labels: resource.labels ?? {},
    deployedModels: (resource.deployedModels ?? []).map((deployed) =>
      toDeployedModel(deployed, trafficSplit[deployed.id ?? ""] ?? 0, names, sameProject),
    ),
    trafficSplit,
    etag: resource.etag ?? null,
    dedicatedHost: resource.dedicatedEndpointDns ?? null,
    encryptionKey: resource.encryptionSpec?.kmsKeyName ?? null,
    network: resource.network ?? null,
    description: resource.description ?? null,
    createTime: resource.createTime ?? null,
  };
}

function acceleratorOf({ dedicatedResources }: DeployedModelResource): DeployedModel["accelerator"] {
  const { acceleratorType: type, acceleratorCount: count } = dedicatedResources?.machineSpec ?? {};
  return type && count ? { type, count } : null;
}

/**
 * A deployed model as Vertex AI answers it.
 *
 * @param sameProject - What this project is called in the answer, its id or number: a deployed model may be another
 * project's.
 */
export function toDeployedModel(
  resource: DeployedModelResource,
  trafficPercent: number,
  names: ResourceNames,
  sameProject?: string,
): DeployedModel {
  const model = withoutVersion(resource.model ?? "");
  return {
    id: resource.id ?? "",
    displayName: resource.displayName ?? "",
    model: sameProject === undefined || projectOf(model) === sameProject ? names.own(model) : model,
    modelVersionId: resource.modelVersionId ?? null,
    trafficPercent,
    machineType: resource.dedicatedResources?.machineSpec?.machineType ?? null,
    minReplicaCount: resource.dedicatedResources?.minReplicaCount ?? null,
    maxReplicaCount: resource.dedicatedResources?.maxReplicaCount ?? null,
    accelerator: acceleratorOf(resource),
    serviceAccount: resource.serviceAccount ?? null,
    predictUrl: resource.privateEndpoints?.predictHttpUri ?? null,
    createTime: resource.createTime ?? null,
  };
}
