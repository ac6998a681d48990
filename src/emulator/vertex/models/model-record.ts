import type { BuiltImage } from "../../images.js";
import type { JsonObject } from "../../proto/parse.js";

/** A registered model: what all its versions share, and the versions. */
export interface ModelRecord {
  /** `projects/NUMBER/locations/LOCATION/models/ID`. */
  name: string;
  displayName: string;
  description?: string;
  labels: Record<string, string>;
  createTime: string;
  updateTime: string;
  versions: VersionRecord[];
  /** Version ids count up and are never used again. */
  lastVersionId: number;
}

export interface VersionRecord {
  id: string;
  aliases: string[];
  description?: string;
  labels: Record<string, string>;
  createTime: string;
  updateTime: string;
  etag: string;
  containerSpec: ContainerSpec;
  artifactUri?: string;
  /** Other fields of the upload, kept and given back: `metadata`, `predictSchemata`, … */
  other: JsonObject;
  /** The image as it was at upload: Vertex AI copies it, so its tag may move or go afterwards. */
  image: BuiltImage;
  /** The service's own copy of the artifacts. */
  artifacts?: StoredArtifacts;
}

export interface StoredArtifacts {
  bucket: string;
  /** Without a slash at its end. */
  prefix: string;
}

/** `ModelContainerSpec`, checked. */
export interface ContainerSpec {
  imageUri: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value: string }[];
  ports?: { containerPort?: number }[];
  predictRoute?: string;
  healthRoute?: string;
  /** Seconds, such as `600s`. */
  deploymentTimeout?: string;
}

/** A version and the model that it is of. */
export interface ModelVersion {
  model: ModelRecord;
  version: VersionRecord;
}

/** `Model` as Vertex AI answers it, labels of model and version merged. */
export function modelResource(
  { model, version }: ModelVersion,
  deployedModels: readonly { endpoint: string; deployedModelId: string }[],
): JsonObject {
  const labels = { ...model.labels, ...version.labels };
  return {
    name: model.name,
    versionId: version.id,
    ...(version.aliases.length > 0 && { versionAliases: version.aliases }),
    versionCreateTime: version.createTime,
    versionUpdateTime: version.updateTime,
    ...(version.description !== undefined && { versionDescription: version.description }),
    displayName: model.displayName,
    ...(model.description !== undefined && { description: model.description }),
    ...(Object.keys(labels).length > 0 && { labels }),
    createTime: model.createTime,
    updateTime: model.updateTime > version.updateTime ? model.updateTime : version.updateTime,
    etag: version.etag,
    ...version.other,
    containerSpec: version.containerSpec,
    ...(version.artifactUri !== undefined && { artifactUri: version.artifactUri }),
    ...(deployedModels.length > 0 && { deployedModels }),
    supportedDeploymentResourcesTypes: ["DEDICATED_RESOURCES", "SHARED_RESOURCES"],
    supportedInputStorageFormats: ["jsonl", "bigquery", "csv", "tf-record", "tf-record-gzip", "file-list"],
    supportedOutputStorageFormats: ["jsonl", "bigquery"],
    supportedExportFormats: [{ id: "custom-trained", exportableContents: ["ARTIFACT"] }],
    modelSourceInfo: { sourceType: "CUSTOM" },
  };
}
