import { notFound } from "../google-error.js";
import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import { parseImageUri, type StoredImage } from "../images.js";
import type { Operations } from "../operations.js";
import { pageOf } from "../paging.js";
import type { Repositories } from "./repositories.js";

const api = "type.googleapis.com/google.devtools.artifactregistry.v1";
const sizes = { default: 100, max: 1000 };

/** Artifact Registry v1: Docker repositories and the images, tags and versions in them. */
export function artifactRoutes(repositories: Repositories, operations: Operations): Route[] {
  const location = "/v1/projects/(?<project>[^/]+)/locations/(?<location>[^/]+)";
  const repository = `${location}/repositories/(?<repository>[^/:]+)`;
  const packagePath = `${repository}/packages/(?<package>[^/]+)`;
  const start = (request: EmulatorRequest, work: () => unknown): EmulatorResponse => ({
    json: operations.start({ parent: locationName(request) }, { "@type": `${api}.OperationMetadata` }, async () =>
      work(),
    ),
  });
  return [
    route("POST", `${location}/repositories`, async (request) => {
      const id = request.query.get("repositoryId") ?? request.query.get("repository_id");
      const where = { project: request.param("project"), location: request.param("location"), id };
      const created = repositories.prepare(where, await request.json());
      return start(request, () => {
        repositories.add(created);
        return { "@type": `${api}.Repository`, ...created };
      });
    }),
    route("GET", `${location}/repositories`, async (request) =>
      listed("repositories", repositories.list(locationName(request)), request),
    ),
    route("GET", repository, async (request) => {
      const found = repositories.get(repositoryName(request));
      const sizeBytes = repositories.images(found.name).reduce((sum, image) => sum + image.sizeBytes, 0);
      return { json: { ...found, sizeBytes: String(sizeBytes) } };
    }),
    route("DELETE", repository, async (request) => {
      const { name } = repositories.get(repositoryName(request));
      return start(request, () => {
        repositories.delete(name);
        return { "@type": "type.googleapis.com/google.protobuf.Empty" };
      });
    }),
    route("GET", `${packagePath}/tags`, async (request) => {
      const tags = packageImages(repositories, request).flatMap((image) =>
        image.tags.map((tag) => toTag(image, tag, request)),
      );
      return listed("tags", tags, request);
    }),
    route("GET", `${packagePath}/tags/(?<tag>[^/]+)`, async (request) => {
      const tag = request.param("tag");
      const image = packageImages(repositories, request).find((each) => each.tags.includes(tag));
      if (!image) throw notFound("Requested entity was not found.");
      return { json: toTag(image, tag, request) };
    }),
    route("GET", `${packagePath}/versions`, async (request) => {
      const versions = packageImages(repositories, request).map((image) => toVersion(image, request));
      return listed("versions", versions, request);
    }),
    route("GET", `${packagePath}/versions/(?<version>[^/]+)`, async (request) => {
      const digest = request.param("version");
      const image = packageImages(repositories, request).find((each) => each.digest === digest);
      if (!image) throw notFound("Requested entity was not found.");
      return { json: toVersion(image, request) };
    }),
    route("GET", `${repository}/dockerImages`, async (request) => {
      const images = repositories.images(repositoryName(request));
      return listed(
        "dockerImages",
        images.map((image) => toDockerImage(image, request)),
        request,
      );
    }),
    route("GET", `${repository}/dockerImages/(?<image>[^/]+)`, async (request) => {
      const wanted = request.param("image");
      const images = repositories.images(repositoryName(request));
      const image = images.find((each) => `${imageId(each)}@${each.digest}` === wanted);
      if (!image) throw notFound("Requested entity was not found.");
      return { json: toDockerImage(image, request) };
    }),
  ];
}

function route(method: string, path: string, handle: Route["handle"]): Route {
  return { method, pattern: new RegExp(`^${path}$`), handle };
}

function listed(field: string, all: unknown[], request: EmulatorRequest): EmulatorResponse {
  const { query } = request;
  const page = pageOf(all, { pageSize: query.get("pageSize"), pageToken: query.get("pageToken") }, sizes);
  const { items, ...token } = page;
  return { json: { ...(items.length > 0 ? { [field]: items } : {}), ...token } };
}

function locationName(request: EmulatorRequest): string {
  return `projects/${request.param("project")}/locations/${request.param("location")}`;
}

function repositoryName(request: EmulatorRequest): string {
  return `${locationName(request)}/repositories/${request.param("repository")}`;
}

/** What comes after the repository in the image's address; Artifact Registry's package. */
function imageId(image: StoredImage): string {
  return parseImageUri(image.name)?.image ?? "";
}

function packageName(image: StoredImage, request: EmulatorRequest): string {
  return `${repositoryName(request)}/packages/${encodeURIComponent(imageId(image))}`;
}

function packageImages(repositories: Repositories, request: EmulatorRequest): StoredImage[] {
  const images = repositories.images(repositoryName(request));
  const found = images.filter((image) => imageId(image) === request.param("package"));
  if (found.length === 0) throw notFound("Requested entity was not found.");
  return found;
}

function toTag(image: StoredImage, tag: string, request: EmulatorRequest) {
  const parent = packageName(image, request);
  return { name: `${parent}/tags/${tag}`, version: `${parent}/versions/${image.digest}` };
}

function toVersion(image: StoredImage, request: EmulatorRequest) {
  const { createTime } = image;
  return {
    name: `${packageName(image, request)}/versions/${image.digest}`,
    createTime,
    updateTime: createTime,
    metadata: { name: toDockerImage(image, request).name, imageSizeBytes: String(image.sizeBytes) },
    ...(request.query.get("view") === "FULL"
      ? { relatedTags: image.tags.map((tag) => toTag(image, tag, request)) }
      : {}),
  };
}

function toDockerImage(image: StoredImage, request: EmulatorRequest) {
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
