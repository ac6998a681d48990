import type { Route } from "../http.js";
import type { Operations } from "../operations.js";
import { packageRoutes } from "./package-routes.js";
import type { Repositories } from "./repositories.js";
import {
  api,
  emptyResponse,
  entityNotFound,
  imageId,
  listed,
  locationName,
  locationPath,
  repositoryName,
  repositoryPath,
  startOperation,
  toDockerImage,
} from "./resources.js";

/** Artifact Registry v1: Docker repositories and the images, tags and versions in them. */
export function artifactRoutes(repositories: Repositories, operations: Operations): Route[] {
  return [
    route("POST", `${locationPath}/repositories`, async (request) => {
      const id = request.query.get("repositoryId") ?? request.query.get("repository_id");
      const where = { project: request.param("project"), location: request.param("location"), id };
      const created = repositories.prepare(where, await request.json());
      return {
        json: startOperation(operations, request, async () => {
          repositories.add(created);
          return { "@type": `${api}.Repository`, ...created };
        }),
      };
    }),
    route("GET", `${locationPath}/repositories`, async (request) =>
      listed("repositories", repositories.list(locationName(request)), request),
    ),
    route("GET", repositoryPath, async (request) => {
      const found = repositories.get(repositoryName(request));
      const sizeBytes = repositories.images(found.name).reduce((sum, image) => sum + image.sizeBytes, 0);
      return { json: { ...found, sizeBytes: String(sizeBytes) } };
    }),
    route("DELETE", repositoryPath, async (request) => {
      const { name } = repositories.get(repositoryName(request));
      return {
        json: startOperation(operations, request, async () => {
          await repositories.delete(name);
          return emptyResponse;
        }),
      };
    }),
    ...packageRoutes(repositories, operations),
    route("GET", `${repositoryPath}/dockerImages`, async (request) => {
      const images = repositories.images(repositoryName(request));
      return listed(
        "dockerImages",
        images.map((image) => toDockerImage(image, request)),
        request,
      );
    }),
    route("GET", `${repositoryPath}/dockerImages/(?<image>[^/]+)`, async (request) => {
      const wanted = request.param("image");
      const images = repositories.images(repositoryName(request));
      const image = images.find((each) => `${imageId(each)}@${each.digest}` === wanted);
      if (!image) throw entityNotFound();
      return { json: toDockerImage(image, request) };
    }),
  ];
}

function route(method: string, path: string, handle: Route["handle"]): Route {
  return { method, pattern: new RegExp(`^${path}$`), handle };
}
