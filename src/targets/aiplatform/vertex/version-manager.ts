import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";
import pLimit from "p-limit";

import { DeploymentError } from "../../../core/errors.js";
import type { Operation } from "../../../core/operation.js";
import type { StepContext } from "../../../core/progress.js";
import type { VersionName } from "../../../core/record.js";
import type {
  ListedVersion,
  ModelVersion,
  ParentModel,
  VersionManager,
  VersionRequest,
} from "../../../core/services.js";
import type { GoogleOperation } from "../google/operations.js";
import { deleteModel } from "./model-manager.js";
import { withoutVersion } from "./resource-names.js";
import { VertexApi, type VertexOptions } from "./vertex-api.js";
import { containerEnv, describesSpec, isMadeHere, modelResource } from "./version-resource.js";

type Model = aiplatform_v1.Schema$GoogleCloudAiplatformV1Model;

/** The alias that Vertex AI always has on exactly one version: the one that is used when none is named. */
const defaultAlias = "default";

/** The label of the models that this package makes. */
const ours = "labels.managed-by=mlflow-deployments";

/** Models whose versions are listed at once. */
const listConcurrency = 4;

/** Versions in the Vertex AI Model Registry, made by `models.upload`. */
export class VertexVersionManager implements VersionManager {
  readonly #vertex: VertexApi;

  constructor(options: VertexOptions) {
    this.#vertex = new VertexApi(options);
  }

  async find(parent: ParentModel, request: VersionRequest, context: StepContext): Promise<ModelVersion | null> {
    const versions = await this.#list(parent.name, context);
    const same = versions.find((version) => this.#isMadeOf(version, request));
    const holder = versions.find(
      (version) => request.alias !== null && version.versionAliases?.includes(request.alias),
    );
    if (holder && holder !== same) throw aliasTaken(parent, request, holder);
    return same ? this.#toVersion(same) : null;
  }

  async create(parent: ParentModel, request: VersionRequest, context: StepContext): Promise<Operation<ModelVersion>> {
    const doing = `Uploading a version of the model ${parent.name}`;
    const model = {
      ...modelResource(parent, request),
      ...(request.alias !== null && { versionAliases: [request.alias] }),
    };
    const owner = parent.exists ? { parentModel: parent.name } : { modelId: parent.id };
    const started = await this.#vertex.call(
      { doing, repeatable: "unaccepted", signal: context.signal },
      (api, settings) =>
        api.models.upload({ parent: this.#vertex.names.parent, requestBody: { ...owner, model } }, settings),
    );
    return this.#upload(started.name, doing);
  }

  async running(parent: ParentModel, context: StepContext): Promise<Operation<ModelVersion>[] | null> {
    const doing = `Listing the operations of the model ${parent.name}`;
    const operations = await this.#vertex.unfinished((pageToken) =>
      this.#vertex.call({ doing, signal: context.signal }, (api, settings) =>
        api.models.operations.list({ name: parent.name, ...(pageToken && { pageToken }) }, settings),
      ),
    );
    if (operations === null) return null;
    return operations
      .filter(isUpload)
      .map(({ name }) => this.#upload(name, `Uploading a version of the model ${parent.name}`));
  }

  attach(operationName: string): Operation<ModelVersion> {
    return this.#upload(operationName, "Uploading a version of a model");
  }

  async get(name: string, context: StepContext): Promise<ModelVersion | null> {
    const found = await this.#vertex.find(
      { doing: `Reading the model version ${name}`, signal: context.signal },
      (api, settings) => api.models.get({ name }, settings),
    );
    return found && this.#toVersion(found);
  }

  async setLabels(
    { model, versionId }: VersionName,
    labels: Record<string, string>,
    { signal }: StepContext,
  ): Promise<ModelVersion> {
    const name = `${model}@${versionId}`;
    const changed = await this.#vertex.call({ doing: `Labelling the model version ${name}`, signal }, (api, settings) =>
      api.models.patch({ name, updateMask: "labels", requestBody: { labels } }, settings),
    );
    return this.#toVersion(changed);
  }

  async delete(version: VersionName, context: StepContext): Promise<boolean> {
    const versions = await this.#list(version.model, context);
    const doomed = versions.find(({ versionId }) => versionId === version.versionId);
    if (!doomed) return false;
    const others = versions.filter((candidate) => candidate !== doomed);
    if (others.length === 0) return deleteModel(this.#vertex, version.model, context);
    if (doomed.versionAliases?.includes(defaultAlias)) await this.#makeDefault(version.model, newest(others), context);
    return this.#deleteVersion(`${version.model}@${version.versionId}`, context);
  }

  async list(context: StepContext): Promise<ListedVersion[]> {
    const { names } = this.#vertex;
    const { parent } = names;
    const doing = `Listing the models of ${parent}`;
    const models = await this.#vertex.pages(
      (pageToken) =>
        this.#vertex.call({ doing, signal: context.signal }, (api, settings) =>
          api.models.list({ parent, filter: ours, pageSize: 100, ...(pageToken && { pageToken }) }, settings),
        ),
      (page) => page.models,
    );
    const limit = pLimit(listConcurrency);
    const versions = await Promise.all(
      models.map(({ name }) => limit(() => this.#list(withoutVersion(names.own(name ?? "")), context))),
    );
    return versions.flat().map((version) => ({
      ...this.#toVersion(version),
      ours: isMadeHere(version),
      deployedOn: (version.deployedModels ?? []).map(({ endpoint }) => endpoint ?? ""),
    }));
  }

  async #deleteVersion(name: string, { signal }: StepContext): Promise<boolean> {
    const doing = `Deleting the model version ${name}`;
    const started = await this.#vertex.find({ doing, signal }, (api, settings) =>
      api.models.deleteVersion({ name }, settings),
    );
    if (!started) return false;
    await this.#vertex.operation(started.name, doing, () => undefined).wait({ signal });
    return true;
  }

  /** The default version can go only after another one has taken its place. */
  async #makeDefault(model: string, version: Model, { signal }: StepContext): Promise<void> {
    const name = `${model}@${version.versionId}`;
    await this.#vertex.call({ doing: `Making ${name} the default version`, signal }, (api, settings) =>
      api.models.mergeVersionAliases({ name, requestBody: { versionAliases: [defaultAlias] } }, settings),
    );
  }

  /** All versions; none where there is no such model. */
  async #list(model: string, { signal }: StepContext): Promise<Model[]> {
    return this.#vertex.pages(
      (pageToken) =>
        this.#vertex
          .find({ doing: `Listing the versions of the model ${model}`, signal }, (api, settings) =>
            api.models.listVersions({ name: model, pageSize: 100, ...(pageToken && { pageToken }) }, settings),
          )
          .then((page) => page ?? {}),
      (page) => page.models,
    );
  }

  #upload(operation: string | null | undefined, doing: string): Operation<ModelVersion> {
    return this.#vertex.operation(operation, doing, async (response, signal) => {
      const name = `${withoutVersion(this.#vertex.names.own(String(response["model"])))}@${String(response["modelVersionId"])}`;
      const version = await this.#vertex.call({ doing: `Reading the model version ${name}`, signal }, (api, settings) =>
        api.models.get({ name }, settings),
      );
      return this.#toVersion(version);
    });
  }

  #isMadeOf(version: Model, request: VersionRequest): boolean {
    return (
      describesSpec(version, request) &&
      withoutSlash(version.artifactUri ?? "") === withoutSlash(request.artifactUri) &&
      version.containerSpec?.imageUri === request.imageUri
    );
  }

  #toVersion(model: Model): ModelVersion {
    return {
      model: withoutVersion(this.#vertex.names.own(model.name ?? "")),
      versionId: model.versionId ?? "",
      aliases: model.versionAliases ?? [],
      labels: model.labels ?? {},
      artifactUri: model.artifactUri ?? null,
      imageUri: model.containerSpec?.imageUri ?? null,
      env: containerEnv(model),
      createTime: model.versionCreateTime ?? null,
    };
  }
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, "");
}

/** Whether an operation may be an upload: all kinds have the model's name before theirs. */
function isUpload({ metadata }: GoogleOperation): boolean {
  const type = metadata?.["@type"];
  return typeof type !== "string" || type.endsWith(".UploadModelOperationMetadata");
}

function newest(versions: readonly Model[]): Model {
  return versions.reduce((a, b) => (Number(b.versionId) > Number(a.versionId) ? b : a));
}

function aliasTaken(parent: ParentModel, request: VersionRequest, holder: Model): DeploymentError {
  return new DeploymentError(
    "RESOURCE_ALREADY_EXISTS",
    `The version alias "${request.alias}" of the model ${parent.name} belongs to version ${holder.versionId}, which was made of something else. Choose another versionName, or delete that version.`,
  );
}
