import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import type { ContainerAccess } from "./container-access.js";
import { download } from "./download.js";
import { listPage, pageToWire } from "./listing.js";
import type { ObjectResource, ObjectStore } from "./object-store.js";
import { forbidden, objectNotFound } from "./storage-error.js";
import { baseUrl, objectToWire, storageRoute } from "./wire.js";

/**
 * Cloud Storage as a deployed container sees it: it reads and lists the objects that it was granted, and may do
 * nothing else. The token in the path stands for the container's identity.
 */
export function containerRoutes(store: ObjectStore, access: ContainerAccess): Route[] {
  const bucket = "/b/(?<bucket>[^/]+)";
  const object = `${bucket}/o/(?<object>[^/]+)`;
  return [
    containerRoute("GET", `${bucket}/o`, async (request) => {
      const prefix = request.query.get("prefix") ?? "";
      requireAccess(access, request, "storage.objects.list", prefix);
      const found = await store.list(request.param("bucket"), prefix);
      const byName = new Map(found.map((each) => [each.name, each]));
      const page = listPage([...byName.keys()], request.query);
      return { json: pageToWire(page, (name) => toWire(byName.get(name)!, request)) };
    }),
    containerRoute("GET", object, async (request) => {
      const name = request.param("object");
      requireAccess(access, request, "storage.objects.get", name);
      const home = request.param("bucket");
      const found = await store.stat(home, name, request.query.get("generation") ?? undefined);
      if (!found) throw objectNotFound(home, name);
      if (request.query.get("alt") !== "media") return { json: toWire(found, request) };
      return download(request, found, (range) => store.open(home, name, range));
    }),
    ...["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) =>
      containerRoute(method, "/.*", async (request) => {
        throw forbidden(`The container does not have access to ${method} ${request.path.replace(/^.*?\/b/, "/b")}.`);
      }),
    ),
  ];
}

function containerRoute(
  method: string,
  path: string,
  handle: (request: EmulatorRequest) => Promise<EmulatorResponse>,
): Route {
  const route = storageRoute(method, path, handle);
  return { ...route, pattern: new RegExp(`^/containers/(?<token>[^/]+)${route.pattern.source.slice(1)}`) };
}

function requireAccess(access: ContainerAccess, request: EmulatorRequest, permission: string, name: string): void {
  const bucket = request.param("bucket");
  if (access.allows(request.param("token"), bucket, name)) return;
  throw forbidden(
    `The container's service account does not have ${permission} access to the Google Cloud Storage object. ` +
      `Permission '${permission}' denied on resource '${bucket}/${name}' (or it may not exist).`,
  );
}

function toWire(object: ObjectResource, request: EmulatorRequest): Record<string, unknown> {
  return objectToWire(object, `${baseUrl(request)}/containers/${request.param("token")}`);
}
