import type { Collection, StateStore } from "../state.js";
import type { JsonObject } from "../proto/parse.js";
import { fieldError } from "./field-error.js";
import { idOf, modelOf, type ModelRecord, newEtag, type VersionRecord } from "./records.js";

/** Keeps models and versions, and gives them back as AI Platform answers them. */
export class ModelStore {
  readonly #models: Collection<ModelRecord>;
  readonly #versions: Collection<VersionRecord>;
  /** What is being done to versions that are there, by the state that they have meanwhile. */
  readonly #changing = new Map<string, "DELETING" | "UPDATING">();

  constructor(state: StateStore) {
    this.#models = state.collection<ModelRecord>("ml-models");
    this.#versions = state.collection<VersionRecord>("ml-versions");
  }

  findModel(name: string): ModelRecord | undefined {
    return structuredClone(this.#models.get(name));
  }

  /** @param field Of the request, for the error. @throws GoogleError NOT_FOUND. */
  model(name: string, field = "name"): ModelRecord {
    const model = this.findModel(name);
    if (model) return model;
    const id = idOf(name);
    throw fieldError("NOT_FOUND", {
      field,
      description:
        `The model resource: "${id}" was not found. Please create the model resource first by using ` +
        `'gcloud ai-platform models create ${id}'.`,
    });
  }

  /** The models of a project (`projects/PROJECT`), by name. */
  modelsOf(project: string): ModelRecord[] {
    const models = this.#models.values().filter(({ name }) => name.startsWith(`${project}/models/`));
    return structuredClone(models).sort(byName);
  }

  saveModel(model: Omit<ModelRecord, "etag">): void {
    this.#models.set(model.name, { ...model, etag: newEtag() });
  }

  deleteModel(name: string): void {
    this.#models.delete(name);
  }

  hasVersion(name: string): boolean {
    return this.#versions.has(name);
  }

  /** @throws GoogleError NOT_FOUND. */
  version(name: string): VersionRecord {
    this.model(modelOf(name));
    const version = this.#versions.get(name);
    if (version) return structuredClone(version);
    const description = `The version resource: "${idOf(name)}" was not found in the model "${idOf(modelOf(name))}".`;
    throw fieldError("NOT_FOUND", { field: "name", description });
  }

  /** The versions of a model, by name. */
  versionsOf(model: string): VersionRecord[] {
    return this.allVersions()
      .filter(({ name }) => modelOf(name) === model)
      .sort(byName);
  }

  allVersions(): VersionRecord[] {
    return structuredClone(this.#versions.values());
  }

  saveVersion(version: Omit<VersionRecord, "etag">): void {
    this.#versions.set(version.name, { ...version, etag: newEtag() });
  }

  /** Notes a prediction, which is no change that an etag would tell. */
  used(name: string): void {
    const version = this.#versions.get(name);
    if (version) this.#versions.set(name, { ...version, lastUseTime: new Date().toISOString() });
  }

  deleteVersion(name: string): void {
    this.#versions.delete(name);
  }

  /** @throws GoogleError FAILED_PRECONDITION when something is being done to the version already. */
  beginChange(name: string, state: "DELETING" | "UPDATING"): void {
    if (this.#changing.has(name) || this.version(name).state === "CREATING") {
      const description = `Another operation on the version "${idOf(name)}" is in progress. Try again when it is done.`;
      throw fieldError("FAILED_PRECONDITION", { field: "name", description });
    }
    this.#changing.set(name, state);
  }

  endChange(name: string): void {
    this.#changing.delete(name);
  }

  /** `Version` as AI Platform answers it. */
  versionResource(version: VersionRecord): JsonObject {
    const { name, settings, state, errorMessage, createTime, lastUseTime, etag } = version;
    const isDefault = this.#models.get(modelOf(name))?.defaultVersion === name;
    return {
      ...settings,
      name,
      ...(isDefault && { isDefault }),
      createTime,
      ...(lastUseTime !== undefined && { lastUseTime }),
      state: this.#changing.get(name) ?? state,
      ...(errorMessage !== undefined && { errorMessage }),
      etag,
    };
  }

  /** `Model` as AI Platform answers it. */
  modelResource({ defaultVersion, ...model }: ModelRecord): JsonObject {
    const version = defaultVersion === undefined ? undefined : this.version(defaultVersion);
    return { ...model, ...(version && { defaultVersion: this.versionResource(version) }) };
  }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
