import { DeploymentError } from "../../../core/errors.js";
import type { DeployedModel } from "../../../core/deployment.js";
import type { ModelVersion, VersionRequest } from "../../../core/services.js";
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
  const { serviceAccount, maxReplicaCount } = spec.settings;
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
    autoScaling: {
      minNodes: Number(spec.settings["minReplicaCount"] ?? 1),
      ...(typeof maxReplicaCount === "number" && { maxNodes: maxReplicaCount }),
    },
  };
}

/** Whether a version can serve. */
export function serves({ state }: Version): boolean {
  // one that is being scaled goes on serving
  return state === "READY" || state === "UPDATING";
}

/** Whether a version says that it was made of the request's spec. */
export function isOfSpec(version: Version, { spec }: VersionRequest): boolean {
  return idOf(version) === deployedModelId(spec.specHash);
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
    id: idOf(version) ?? names.idOf(name),
    displayName: (isOurs ? deploymentName : null) ?? names.idOf(name),
    model: modelOf(name),
    modelVersionId: names.idOf(name),
    trafficPercent: version.isDefault ? 100 : 0,
    machineType: version.machineType ?? null,
    minReplicaCount: manualScaling?.nodes ?? autoScaling?.minNodes ?? null,
    maxReplicaCount: manualScaling?.nodes ?? autoScaling?.maxNodes ?? null,
    createTime: version.createTime ?? null,
  };
}

/** The id of what serves; null for a version that this package did not make. */
function idOf({ labels }: Version): string | null {
  const hash = labels?.[specLabel];
  return labels?.["managed-by"] === managedBy && hash ? deployedModelId(hash) : null;
}

function text({ spec }: VersionRequest, setting: string): string {
  const value = spec.settings[setting];
  if (typeof value === "string") return value;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", `The setting ${setting} is needed on the legacy platform.`);
}
