/** `models.upload`: checks, then an operation that copies image and artifacts and registers the version. */
import { randomInt } from "node:crypto";

import { alreadyExists, invalidArgument, notFound } from "../../google-error.js";
import type { ImageFiles } from "../../image-files.js";
import { type BuiltImage, parseImageUri } from "../../images.js";
import type { OperationResource, Operations } from "../../operations.js";
import type { Location, Locations } from "../locations.js";
import { type JsonObject, parseMessage } from "../../proto/parse.js";
import { uploadModelRequest } from "../messages/model.js";
import { operationMetadata, operationResponse } from "../operation-metadata.js";
import type { ArtifactCopies } from "./artifacts.js";
import type { ContainerSpec } from "./model-record.js";
import type { ModelStore, NewVersion } from "./model-store.js";
import { checkUpload } from "./upload-rules.js";

/** Fields of a Model that the emulator keeps as they were sent. */
const keptFields = [
  "metadata",
  "metadataSchemaUri",
  "predictSchemata",
  "explanationSpec",
  "encryptionSpec",
  "pipelineJob",
];

export interface UploadDependencies {
  locations: Locations;
  operations: Operations;
  models: ModelStore;
  artifacts: ArtifactCopies;
  files: ImageFiles;
  findImage: (imageUri: string) => BuiltImage | undefined;
}

/** Registers models and versions. */
export class ModelUpload {
  readonly #deps: UploadDependencies;
  /** Names of new models whose upload is under way: taken, though the model can't be read yet. */
  readonly #uploading = new Set<string>();

  constructor(deps: UploadDependencies) {
    this.#deps = deps;
  }

  /** @throws GoogleError for what Vertex AI refuses at once; the rest is the operation's error. */
  start(body: unknown, location: Location): OperationResource {
    const request = parseMessage(uploadModelRequest, body, "");
    checkUpload(request);
    const parentModel = request["parentModel"] as string | undefined;
    const isNew = parentModel === undefined;
    const name = isNew ? this.#newName(request, location) : this.#existingName(parentModel, request, location);
    if (isNew) this.#uploading.add(name);
    const model = request["model"] as JsonObject;
    return this.#deps.operations.start(
      { parent: name },
      operationMetadata("UploadModel"),
      ({ signal }) => this.#deps.files.during((hold) => this.#register(name, isNew, model, { location, signal, hold })),
      () => this.#uploading.delete(name),
    );
  }

  async #register(
    name: string,
    isNew: boolean,
    model: JsonObject,
    { location, signal, hold }: { location: Location; signal: AbortSignal; hold: (root: string) => void },
  ): Promise<JsonObject> {
    const { artifacts: copies, models } = this.#deps;
    const containerSpec = model["containerSpec"] as ContainerSpec;
    const artifactUri = model["artifactUri"] as string | undefined;
    const image = this.#image(containerSpec.imageUri, location);
    hold(image.root); // it may be deleted while the artifacts are copied
    const artifacts = artifactUri === undefined ? undefined : await copies.copy(artifactUri, location, signal);
    const added: NewVersion = {
      aliases: (model["versionAliases"] ?? []) as string[],
      labels: (model["labels"] ?? {}) as Record<string, string>,
      containerSpec,
      image,
      other: Object.fromEntries(keptFields.filter((field) => field in model).map((field) => [field, model[field]])),
      ...(model["versionDescription"] !== undefined && { description: model["versionDescription"] as string }),
      ...(artifactUri !== undefined && { artifactUri }),
      ...(artifacts && { artifacts }),
    };
    if (!isNew) models.get(name); // it may have been deleted meanwhile
    const { id } = models.addVersion(
      name,
      {
        displayName: model["displayName"] as string,
        ...(model["description"] !== undefined && { description: model["description"] as string }),
      },
      added,
    );
    return operationResponse("UploadModelResponse", { model: name, modelVersionId: id });
  }

  #newName(request: JsonObject, location: Location): string {
    const id = (request["modelId"] as string | undefined) ?? String(randomInt(10 ** 14)).padStart(19, "1");
    const name = `${location.name}/models/${id}`;
    if (this.#deps.models.has(name) || this.#uploading.has(name)) {
      throw alreadyExists(`The Model "${name}" already exists. To upload a version of it, set parent_model.`);
    }
    return name;
  }

  #existingName(parentModel: string, request: JsonObject, location: Location): string {
    const name = this.#deps.locations.canonical(parentModel)?.replace(/@.*$/, "");
    if (!name?.startsWith(`${location.name}/models/`)) {
      throw invalidArgument(`Invalid parent_model "${parentModel}": expected a model of ${location.name}.`);
    }
    const modelId = request["modelId"] as string | undefined;
    if (modelId !== undefined && !name.endsWith(`/${modelId}`)) {
      throw invalidArgument(`model_id "${modelId}" is not the id of parent_model "${parentModel}".`);
    }
    this.#deps.models.get(name);
    return name;
  }

  /** "Custom container requirements": Artifact Registry, in the region of the model, not a multi-region. */
  #image(imageUri: string, { location }: Location): BuiltImage {
    const parts = parseImageUri(imageUri);
    const isGoogles = parts?.project === "vertex-ai" && parts.repository === "prediction";
    if (!parts || (parts.location !== location && !isGoogles)) {
      throw invalidArgument(
        `Image ${imageUri} is not supported: it must be in Artifact Registry, in ${location}-docker.pkg.dev.`,
      );
    }
    const image = this.#deps.findImage(imageUri);
    if (!image) throw notFound(`Image ${imageUri} not found.`);
    return image;
  }
}
