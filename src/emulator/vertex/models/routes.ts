/** `projects.locations.models`. */
import { aborted, failedPrecondition, invalidArgument } from "../../google-error.js";
import type { EmulatorRequest, Route } from "../../http.js";
import type { ImageFiles } from "../../image-files.js";
import type { Operations } from "../../operations.js";
import type { DeployedModelRef, Deployments } from "../endpoints/deployments.js";
import { updatePaths } from "../field-mask.js";
import { listPage } from "../list-page.js";
import type { Location, Locations } from "../locations.js";
import { mergeVersionAliasesRequest, modelMessage } from "../messages/model.js";
import { type JsonObject, parseMessage } from "../../proto/parse.js";
import { emptyResponse, operationMetadata } from "../operation-metadata.js";
import { checkNaming } from "../resource-rules.js";
import { requiredField, Violations } from "../violations.js";
import { mergeAliases } from "./aliases.js";
import type { ArtifactCopies } from "./artifacts.js";
import { type ModelVersion, modelResource, type VersionRecord } from "./model-record.js";
import type { ModelStore } from "./model-store.js";
import type { ModelUpload } from "./upload.js";

export interface ModelRoutesDependencies {
  locations: Locations;
  operations: Operations;
  models: ModelStore;
  artifacts: ArtifactCopies;
  files: ImageFiles;
  upload: ModelUpload;
  deployments: Pick<Deployments, "of" | "using">;
}

const one = "/models/(?<model>[^/:]+)";

const nameOf = (request: EmulatorRequest, location: Location) => `${location.name}/models/${request.param("model")}`;

export function modelRoutes(deps: ModelRoutesDependencies): Route[] {
  const { locations, models, upload } = deps;
  const resource = (each: ModelVersion) => modelResource(each, deps.deployments.of(each.model.name, each.version.id));
  return [
    locations.route("POST", "/models:upload", async (request, location) => ({
      json: upload.start(await request.json(), location),
    })),
    locations.route("GET", "/models", ({ query }, location) => {
      const defaults = models.inLocation(location.name).map(({ name }) => resource(models.version(name)));
      return { json: listPage(defaults, query, { key: "models", idField: "model" }) };
    }),
    locations.route("GET", `${one}:listVersions`, (request, location) => {
      const model = models.get(nameOf(request, location).replace(/@.*$/, ""));
      const versions = model.versions.map((version) => ({
        ...resource({ model, version }),
        name: `${model.name}@${version.id}`,
      }));
      const options = { key: "models", idField: "model", orderable: ["create_time", "update_time"] };
      return { json: listPage(versions, request.query, options) };
    }),
    locations.route("GET", one, (request, location) => ({ json: resource(models.version(nameOf(request, location))) })),
    locations.route("PATCH", one, async (request, location) => {
      const name = nameOf(request, location);
      update(models, name, parseMessage(modelMessage, await request.json(), "model"), request.query.get("updateMask"));
      return { json: resource(models.version(name.replace(/@-$/, ""))) };
    }),
    locations.route("POST", `${one}:mergeVersionAliases`, async (request, location) => {
      const name = nameOf(request, location);
      const merge = parseMessage(mergeVersionAliasesRequest, await request.json(), "");
      const violations = new Violations();
      violations.required(mergeVersionAliasesRequest, merge);
      violations.throwIfAny();
      const { model, version } = models.version(name);
      const versions = mergeAliases(model.versions, version.id, merge["versionAliases"] as string[]);
      models.updateModel(model.name, { versions });
      return { json: resource(models.version(`${model.name}@${version.id}`)) };
    }),
    locations.route("DELETE", `${one}:deleteVersion`, (request, location) => ({
      json: deleteVersion(deps, nameOf(request, location)),
    })),
    locations.route("DELETE", one, (request, location) => ({ json: deleteModel(deps, nameOf(request, location)) })),
  ];
}

/** `UpdateModelRequest`: with `@VERSION` the version changes, without it (or with `@-`) the model; never both. */
function update(models: ModelStore, name: string, model: JsonObject, mask: string | null): void {
  const violations = new Violations();
  checkNaming(model, "model", violations);
  violations.throwIfAny();
  const [modelName = "", selector = "-"] = name.split("@");
  const paths = updatePaths(
    mask,
    selector === "-" ? ["displayName", "description", "labels"] : ["versionDescription", "labels"],
  );
  if (model["etag"] !== undefined && model["etag"] !== models.version(name.replace(/@-$/, "")).version.etag) {
    throw aborted(`The etag of ${name} does not match: it was changed meanwhile. Read it again.`);
  }
  if (paths.includes("displayName") && model["displayName"] === undefined) {
    throw requiredField("model.display_name");
  }
  const changes = paths.map((path) => [path === "versionDescription" ? "description" : path, model[path]]);
  const change = { ...Object.fromEntries(changes), ...(paths.includes("labels") && { labels: model["labels"] ?? {} }) };
  if (selector === "-") models.updateModel(modelName, change);
  else models.updateVersion(modelName, models.version(name).version.id, change);
}

function deleteVersion(deps: ModelRoutesDependencies, name: string) {
  const { models, operations, deployments } = deps;
  if (!/@\d+$/.test(name))
    throw invalidArgument(`DeleteModelVersion needs a version id: "${name}" must end in @VERSION_ID.`);
  const check = () => {
    const found = models.version(name);
    const { model, version } = found;
    if (model.versions.length === 1) {
      throw invalidArgument(
        `Deleting the only version of the model ${model.name} is not allowed. Use DeleteModel instead.`,
      );
    }
    if (version.aliases.includes("default")) {
      throw invalidArgument(`${name} is the default version: give the alias "default" to another version first.`);
    }
    refuseDeployed(name, deployments.using(model.name, version.id));
    return found;
  };
  const { model } = check();
  return operations.start({ parent: model.name }, operationMetadata("Delete"), async () => {
    const found = check();
    models.deleteVersion(found);
    await removeFiles(deps, found.version);
    return emptyResponse;
  });
}

function deleteModel(deps: ModelRoutesDependencies, name: string) {
  const { models, operations, deployments } = deps;
  const check = () => {
    refuseDeployed(name, deployments.using(name));
    return models.get(name);
  };
  check();
  return operations.start({ parent: name }, operationMetadata("Delete"), async () => {
    const { versions } = check();
    models.delete(name);
    for (const version of versions) await removeFiles(deps, version);
    return emptyResponse;
  });
}

/** The service's copies of what was uploaded. */
async function removeFiles({ artifacts, files }: ModelRoutesDependencies, version: VersionRecord): Promise<void> {
  if (version.artifacts) await artifacts.delete(version.artifacts);
  await files.removeUnused(version.image.root);
}

function refuseDeployed(name: string, deployments: readonly DeployedModelRef[]): void {
  const [first] = deployments;
  if (!first) return;
  throw failedPrecondition(
    `The Model "${name}" is deployed or being deployed at the following Endpoint(s): ${first.endpoint}. Undeploy it first.`,
  );
}
