import type { EmulatorRequest, Route } from "../http.js";
import type { StoredImage } from "../images.js";
import type { Operations } from "../operations.js";
import type { Repositories } from "./repositories.js";
import {
  emptyResponse,
  entityNotFound,
  listed,
  packageImages,
  repositoryName,
  repositoryPath,
  startOperation,
  toPackages,
  toTag,
  toVersion,
} from "./resources.js";

/** `packages`, `packages.tags` and `packages.versions`: the images of a repository by name, by tag and by digest. */
export function packageRoutes(repositories: Repositories, operations: Operations): Route[] {
  const one = "/packages/(?<package>[^/]+)";
  const tagged = (request: EmulatorRequest): StoredImage => {
    const tag = request.param("tag");
    const image = packageImages(repositories, request).find((each) => each.tags.includes(tag));
    if (!image) throw entityNotFound();
    return image;
  };
  const version = (request: EmulatorRequest): StoredImage => {
    const digest = request.param("version");
    const image = packageImages(repositories, request).find((each) => each.digest === digest);
    if (!image) throw entityNotFound();
    return image;
  };
  return [
    route("GET", "/packages", async (request) =>
      listed("packages", toPackages(repositories.images(repositoryName(request)), request), request),
    ),
    route("GET", one, async (request) => ({ json: toPackages(packageImages(repositories, request), request)[0] })),
    route("GET", `${one}/tags`, async (request) => {
      const tags = packageImages(repositories, request).flatMap((image) =>
        image.tags.map((tag) => toTag(image, tag, request)),
      );
      return listed("tags", tags, request);
    }),
    route("GET", `${one}/tags/(?<tag>[^/]+)`, async (request) => ({
      json: toTag(tagged(request), request.param("tag"), request),
    })),
    route("DELETE", `${one}/tags/(?<tag>[^/]+)`, async (request) => {
      repositories.untag(repositoryName(request), tagged(request), request.param("tag"));
      return { json: {} };
    }),
    route("GET", `${one}/versions`, async (request) => {
      const versions = packageImages(repositories, request).map((image) => toVersion(image, request));
      return listed("versions", versions, request);
    }),
    route("GET", `${one}/versions/(?<version>[^/]+)`, async (request) => ({
      json: toVersion(version(request), request),
    })),
    route("DELETE", `${one}/versions/(?<version>[^/]+)`, async (request) => {
      const force = request.query.get("force") === "true";
      repositories.checkDeletable(repositoryName(request), version(request), force);
      return {
        json: startOperation(operations, request, async () => {
          await repositories.deleteImage(repositoryName(request), version(request), force);
          return emptyResponse;
        }),
      };
    }),
  ];
}

function route(method: string, path: string, handle: Route["handle"]): Route {
  return { method, pattern: new RegExp(`^${repositoryPath}${path}$`), handle };
}
