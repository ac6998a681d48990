/** Artifact Registry's resources about images: which of them a request means, and how they are answered. */
import { notFound } from "../google-error.js";
import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import { parseImageUri, type StoredImage } from "../images.js";
import type { OperationResource, Operations } from "../operations.js";
import { pageOf } from "../paging.js";
import type { Repositories } from "./repositories.js";

export const api = "type.googleapis.com/google.devtools.artifactregistry.v1";
const sizes = { default: 100, max: 1000 };

export const emptyResponse = { "@type": "type.googleapis.com/google.protobuf.Empty" };

/** Paths of Artifact Registry, as regular expressions. */
export const locationPath = "/v1/projects/(?<project>[^/]+)/locations/(?<location>[^/]+)";
export const repositoryPath = `${locationPath}/repositories/(?<repository>[^/:]+)`;

export function startOperation(
  operations: Operations,
  request: EmulatorRequest,
  work: () => Promise<unknown>,
): OperationResource {
  return operations.start({ parent: locationName(request) }, { "@type": `${api}.OperationMetadata` }, work);
}

export function listed(field: string, all: unknown[], { query }: EmulatorRequest): EmulatorResponse {
  const page = pageOf(all, { pageSize: query.get("pageSize"), pageToken: query.get("pageToken") }, sizes);
  const { items, ...token } = page;
  return { json: { ...(items.length > 0 ? { [field]: items } : {}), ...token } };
}

export function locationName(request: EmulatorRequest): string {
  return `projects/${request.param("project")}/locations/${request.param("location")}`;
}

export function repositoryName(request: EmulatorRequest): string {
  return `${locationName(request)}/repositories/${request.param("repository")}`;
}

/** What comes after the repository in the image's address; Artifact Registry's package. */
export function imageId(image: StoredImage): string {
  return parseImageUri(image.name)?.image ?? "";
}

/** @throws GoogleError NOT_FOUND for a package without images, which is none. */
export function packageImages(repositories: Repositories, request: EmulatorRequest): StoredImage[] {
  const images = repositories.images(repositoryName(request));
  const found = images.filter((image) => imageId(image) === request.param("package"));
  if (found.length === 0) throw entityNotFound();
  return found;
}

export const entityNotFound = () => notFound("Requested entity was not found.");

/** The packages of a repository, which are those of its images. */
export function toPackages(images: readonly StoredImage[], request: EmulatorRequest) {
  const ids = [...new Set(images.map(imageId))].sort();
  return ids.map((id) => {
    const times = images.filter((image) => imageId(image) === id).map((image) => image.createTime);
    const [createTime = "", updateTime = ""] = [times.toSorted()[0], times.toSorted().at(-1)];
    return { name: packageName(id, request), createTime, updateTime };
  });
}

export function toTag(image: StoredImage, tag: string, request: EmulatorRequest) {
  const parent = packageName(imageId(image), request);
  return { name: `${parent}/tags/${tag}`, version: `${parent}/versions/${image.digest}` };
}

export function toVersion(image: StoredImage, request: EmulatorRequest) {
  const { createTime } = image;
  return {
    name: `${packageName(imageId(image), request)}/versions/${image.digest}`,
    createTime,
    updateTime: createTime,
    metadata: { name: toDockerImage(image, request).name, imageSizeBytes: String(image.sizeBytes) },
    ...(request.query.get("view") === "FULL"
      ? { relatedTags: image.tags.map((tag) => toTag(image, tag, request)) }
      : {}),
  };
}

export function toDockerImage(image: StoredImage, request: EmulatorRequest) {
  const { createTime: uploadTime } = image;
  return {
    name: `${repositoryName(request)}/dockerImages/${encodeURIComponent(imageId(image))}@${image.digest}`,
    uri: `${image.name}@${image.digest}`,
    tags: image.tags,
    imageSizeBytes: String(image.sizeBytes),
    uploadTime,
    updateTime: uploadTime,
    buildTime: uploadTime,
    mediaType: "application/vnd.docker.distribution.manifest.v2+json",
  };
}

function packageName(id: string, request: EmulatorRequest): string {
  return `${repositoryName(request)}/packages/${encodeURIComponent(id)}`;
}
