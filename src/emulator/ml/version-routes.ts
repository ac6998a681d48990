/** `projects.models.versions`: the routes. */
import type { Route } from "../http.js";
import { parseMessage } from "../proto/parse.js";
import { makeDefault } from "./default-version.js";
import { listPage } from "./list-page.js";
import { setDefaultVersionRequest } from "./messages.js";
import { modelPath, type Paths, versionPath } from "./paths.js";
import type { ModelStore } from "./store.js";
import type { Versions } from "./versions.js";

export function versionRoutes(paths: Paths, store: ModelStore, versions: Versions): Route[] {
  const resource = (name: string) => store.versionResource(store.version(name));
  return [
    paths.route("POST", `${modelPath}/versions`, async (request) => ({
      json: await versions.create(paths.model(request), await request.json()),
    })),
    paths.route("GET", `${modelPath}/versions`, (request) => {
      const model = store.model(paths.model(request), "parent");
      const found = store.versionsOf(model.name).map((each) => store.versionResource(each));
      return { json: listPage(found, request.query, "versions") };
    }),
    paths.route("GET", versionPath, (request) => ({ json: resource(paths.version(request)) })),
    paths.route("PATCH", versionPath, async (request) => ({
      json: versions.patch(paths.version(request), await request.json(), request.query.get("updateMask")),
    })),
    paths.route("DELETE", versionPath, (request) => ({ json: versions.delete(paths.version(request)) })),
    paths.route("POST", `${versionPath}:setDefault`, async (request) => {
      parseMessage(setDefaultVersionRequest, await request.json(), "");
      makeDefault(store, paths.version(request));
      return { json: resource(paths.version(request)) };
    }),
  ];
}
