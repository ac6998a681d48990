import { DeploymentError } from "../../../core/errors.js";
import type { DeployedModel } from "../../../core/deployment.js";
import type { DeployRequest, ModelVersion, Scaling, VersionRequest } from "../../../core/services.js";
import { managedBy } from "../spec.js";
import type { Version } from "./ml-api.js";
import { deployedModelId, unnamedVersion } from "./names.js";
import { modelOf, type ResourceNames } from "./resource-names.js";

const specLabel = "spec-hash";

/** The name that a version gets: the legal form of `versionName`, else one of the spec's own. */
export function versionNameOf({ alias, spec }: VersionRequest): string {
  return alias ?? unnamedVersion(spec.specHash);
}

/** The version as `projects.models.versions.create` takes it: a custom prediction routine. */
export function versionResource(request: VersionRequest): Version {
  const { spec, labels, artifactUri, imageUri } = request;
  const { serviceAccount, minReplicaCount, maxReplicaCount } = spec.settings;
  const minNodes = Number(minReplicaCount ?? 1);
  return {
    name: versionNameOf(request),
    description: `Made by mlflow-deployments of spec ${deployedModelId(spec.specHash)}.`,
    labels,
    deploymentUri: artifactUri,
    packageUris: [imageUri],
    predictionClass: text(request, "predictionClass"),
    runtimeVersion: text(request, "runtimeVersion"),
    pythonVersion: text(request, "pythonVersion"),
    machineType: text(request, "machineType"),
    ...(typeof serviceAccount === "string" && { serviceAccount }),
    ...nodes({ minReplicaCount: minNodes, maxReplicaCount: Number(maxReplicaCount ?? minNodes) }),
  };
}

/** A version that serves the same on another machine, as `versions.create` takes it. */
export function versionCopy(version: Version, request: DeployRequest): Version {
  const { deploymentUri, packageUris, predictionClass, runtimeVersion, pythonVersion } = version;
  const { deployedModelId: id, machineType, serviceAccount } = request;
  return {
    name: unnamedVersion(id),
    description: `Made by mlflow-deployments of spec ${id}.`,
    labels: { ...version.labels, [specLabel]: id },
    deploymentUri: deploymentUri ?? null,
    packageUris: packageUris ?? null,
    predictionClass: predictionClass ?? null,
    runtimeVersion: runtimeVersion ?? null,
    pythonVersion: pythonVersion ?? null,
    machineType,
    ...(serviceAccount !== null && { serviceAccount }),
    ...nodes(request),
  };
}

function nodes({
  minReplicaCount,
  maxReplicaCount,
}: Omit<Scaling, "autoscalingTargets">): Pick<Version, "autoScaling" | "manualScaling"> {
  if (minReplicaCount === maxReplicaCount) return { manualScaling: { nodes: minReplicaCount } };
  return { autoScaling: { minNodes: minReplicaCount, maxNodes: maxReplicaCount } };
}

/**
 * The body of `versions.patch` that scales, and its mask; null for what it cannot change: the maximum, and whether there
 * is one.
 */
export function scalingPatch(
  { autoScaling, manualScaling, etag }: Version,
  { minReplicaCount: min, maxReplicaCount: max }: Scaling,
): { requestBody: Version; updateMask: string } | null {
  const guard = etag ? { etag } : {};
  if (manualScaling)
    return max === min
      ? { requestBody: { manualScaling: { nodes: min }, ...guard }, updateMask: "manualScaling.nodes" }
      : null;
  if (autoScaling?.maxNodes !== max) return null;
  return { requestBody: { autoScaling: { minNodes: min }, ...guard }, updateMask: "autoScaling.minNodes" };
}

/** Whether a version can serve. */
export function serves({ state }: Version): boolean {
  // one that is being scaled goes on serving
  return state === "READY" || state === "UPDATING";
}

/** Whether a version says that it was made of the request's spec. */
export function isOfSpec(version: Version, { spec }: VersionRequest): boolean {
  return servingId(version) === deployedModelId(spec.specHash);
}

/** A version as the platform answers it. */
export function toVersion(version: Version, names: ResourceNames): ModelVersion {
  const name = version.name ?? "";
  const versionId = names.idOf(name);
  return {
    model: modelOf(names.own(name)),
    versionId,
    aliases: [...(version.isDefault ? ["default"] : []), versionId],
    labels: version.labels ?? {},
    artifactUri: version.deploymentUri ?? null,
    imageUri: version.packageUris?.[0] ?? null,
    env: {},
    createTime: version.createTime ?? null,
  };
}

/**
 * A version as what serves on the model.
 *
 * @param deploymentName - The deployment that the model belongs to; null for none of this package's.
 */
export function toDeployedModel(version: Version, deploymentName: string | null, names: ResourceNames): DeployedModel {
  const name = names.own(version.name ?? "");
  const { autoScaling, manualScaling } = version;
  const isOurs = version.labels?.["managed-by"] === managedBy;
  return {
    id: servingId(version) ?? names.idOf(name),
    displayName: (isOurs ? deploymentName : null) ?? names.idOf(name),
    model: modelOf(name),
    modelVersionId: names.idOf(name),
    trafficPercent: version.isDefault ? 100 : 0,
    machineType: version.machineType ?? null,
    minReplicaCount: manualScaling?.nodes ?? autoScaling?.minNodes ?? null,
    maxReplicaCount: manualScaling?.nodes ?? autoScaling?.maxNodes ?? null,
    accelerator: null,
    serviceAccount: version.serviceAccount ?? null,
    predictUrl: null,
    createTime: version.createTime ?? null,
  };
}

/** The id of what serves; null for a version that this package did not make. */
export function servingId({ labels }: Version): string | null {
  const hash = labels?.[specLabel];
  return labels?.["managed-by"] === managedBy && hash ? deployedModelId(hash) : null;
}

function text({ spec }: VersionRequest, setting: string): string {
  const value = spec.settings[setting];
  if (typeof value === "string") return value;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", `The setting ${setting} is needed on the legacy platform.`);
}
