/** `projects.models`. */
import type { Route } from "../http.js";
import { labelProblems } from "../labels.js";
import type { OperationResource, Operations } from "../operations.js";
import { isObject, type JsonObject, parseMessage } from "../proto/parse.js";
import { makeDefault, readyVersion } from "./default-version.js";
import { fieldError, nameProblems, throwProblems } from "./field-error.js";
import { listPage } from "./list-page.js";
import { modelMessage, modelPatchMessage } from "./messages.js";
import { emptyResponse, operationResponse, startOperation } from "./operations.js";
import { checkEtag, patched, patchPaths } from "./patch.js";
import { modelPath, type Paths } from "./paths.js";
import { idOf, type ModelRecord } from "./records.js";
import type { ModelStore } from "./store.js";

export interface ModelRoutesDependencies {
  paths: Paths;
  operations: Operations;
  store: ModelStore;
}

export function modelRoutes(deps: ModelRoutesDependencies): Route[] {
  const { paths, store } = deps;
  return [
    paths.route("POST", "/models", async (request) => ({
      json: create(store, paths.project(request), await request.json()),
    })),
    paths.route("GET", "/models", (request) => {
      const models = store.modelsOf(paths.project(request)).map((each) => store.modelResource(each));
      return { json: listPage(models, request.query, "models") };
    }),
    paths.route("GET", modelPath, (request) => ({ json: store.modelResource(store.model(paths.model(request))) })),
    paths.route("PATCH", modelPath, async (request) => ({
      json: patch(deps, paths.model(request), await request.json(), request.query.get("updateMask")),
    })),
    paths.route("DELETE", modelPath, (request) => ({ json: remove(deps, paths.model(request)) })),
  ];
}

function create(store: ModelStore, project: string, body: unknown): JsonObject {
  const model = parseMessage(modelMessage, body, "model");
  const id = model["name"] as string | undefined;
  const regions = (model["regions"] ?? ["us-central1"]) as string[];
  const labels = (model["labels"] ?? {}) as Record<string, string>;
  throwProblems("INVALID_ARGUMENT", [
    ...nameProblems("model.name", id),
    ...(regions.length > 1
      ? [{ field: "model.regions", description: "Only one region per model is supported." }]
      : regions
          .filter((region) => !/^[a-z]+-[a-z]+\d+$/.test(region))
          .map((region) => ({ field: "model.regions", description: `The region "${region}" is not supported.` }))),
    ...labelProblems(labels).map((description) => ({ field: "model.labels", description })),
  ]);
  const name = `${project}/models/${id}`;
  if (store.findModel(name)) {
    const description = "A model with the same name already exists.";
    throw fieldError("ALREADY_EXISTS", { field: "model.name", description });
  }
  store.saveModel({ ...(model as Partial<ModelRecord>), name, regions });
  return store.modelResource(store.model(name));
}

function patch(
  { store, operations }: ModelRoutesDependencies,
  name: string,
  body: unknown,
  mask: string | null,
): OperationResource {
  const change = parseMessage(modelPatchMessage, body, "model");
  const paths = patchPaths(mask, ["description", "defaultVersion.name"]);
  checkEtag("model.etag", change, store.model(name));
  const version = isObject(change["defaultVersion"]) ? change["defaultVersion"]["name"] : undefined;
  // the version's name may be its id, or whole as it is read
  const wanted = paths.includes("defaultVersion.name") ? `${name}/versions/${idOf(String(version))}` : undefined;
  if (wanted !== undefined) readyVersion(store, wanted);
  return startOperation(operations, { operationType: "UPDATE_MODEL", model: name }, async () => {
    if (wanted !== undefined) makeDefault(store, wanted);
    if (paths.includes("description")) store.saveModel(patched({ ...store.model(name) }, change, ["description"]));
    return operationResponse("Model", store.modelResource(store.model(name)));
  });
}

function remove({ store, operations }: ModelRoutesDependencies, name: string): OperationResource {
  const check = () => {
    store.model(name);
    const versions = store.versionsOf(name);
    if (versions.length === 0) return;
    const description = `The model "${idOf(name)}" has ${versions.length} version(s) and cannot be deleted. Delete them first.`;
    throw fieldError("FAILED_PRECONDITION", { field: "name", description });
  };
  check();
  return startOperation(operations, { operationType: "DELETE_MODEL", model: name }, async () => {
    check();
    store.deleteModel(name);
    return emptyResponse;
  });
}
