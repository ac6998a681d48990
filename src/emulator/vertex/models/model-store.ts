import { notFound } from "../../google-error.js";
import type { Collection, StateStore } from "../../state.js";
import { newEtag } from "../etag.js";
import { mergeAliases } from "./aliases.js";
import type { ModelRecord, ModelVersion, VersionRecord } from "./model-record.js";

/** What an upload brings to a version. */
export type NewVersion = Omit<VersionRecord, "id" | "createTime" | "updateTime" | "etag">;

/** Keeps registered models with their versions, and finds them by the names that Vertex AI knows them by. */
export class ModelStore {
  readonly #models: Collection<ModelRecord>;

  constructor(state: StateStore) {
    this.#models = state.collection<ModelRecord>("vertex-models");
  }

  has(name: string): boolean {
    return this.#models.has(name);
  }

  /**
   * @param name Without a version.
   * @throws GoogleError NOT_FOUND.
   */
  get(name: string): ModelRecord {
    const model = this.#models.get(name);
    if (!model) throw notFound(`The Model "${name}" does not exist.`);
    return structuredClone(model);
  }

  /**
   * @param name Canonical name, with `@VERSION` or `@ALIAS` or, for the default version, neither.
   * @throws GoogleError NOT_FOUND.
   */
  version(name: string): ModelVersion {
    const [modelName = "", selector = "default"] = name.split("@");
    const model = this.get(modelName);
    const version = model.versions.find((each) => each.id === selector || each.aliases.includes(selector));
    if (!version) throw notFound(`The Model "${name}" does not exist.`);
    return { model, version };
  }

  /** The models of a location, oldest first. */
  inLocation(location: string): ModelRecord[] {
    return structuredClone(this.#models.values().filter((each) => each.name.startsWith(`${location}/models/`)));
  }

  /** The directories of the images of all versions. */
  imageRoots(): string[] {
    return this.#models.values().flatMap(({ versions }) => versions.map(({ image }) => image.root));
  }

  /** Adds the first version of a new model, or the next one of a model that exists. */
  addVersion(name: string, model: Pick<ModelRecord, "displayName" | "description">, added: NewVersion): VersionRecord {
    const now = new Date().toISOString();
    const record: ModelRecord = this.has(name)
      ? this.get(name)
      : { ...model, name, labels: {}, createTime: now, updateTime: now, versions: [], lastVersionId: 0 };
    const id = String(record.lastVersionId + 1);
    const aliases = record.versions.length === 0 ? [...new Set(["default", ...added.aliases])] : added.aliases;
    const version: VersionRecord = { ...added, id, aliases: [], createTime: now, updateTime: now, etag: newEtag() };
    const versions = mergeAliases([...record.versions, version], id, aliases);
    this.#models.set(name, { ...record, versions, lastVersionId: record.lastVersionId + 1, updateTime: now });
    return this.version(`${name}@${id}`).version;
  }

  /** Changes what is common to all versions, each of which gets another etag. */
  updateModel(name: string, change: Partial<ModelRecord>): void {
    const model = this.get(name);
    const changed = { ...model, ...change, updateTime: new Date().toISOString() };
    const versions = changed.versions.map((each) => ({ ...each, etag: newEtag() }));
    this.#models.set(name, { ...changed, versions });
  }

  updateVersion(name: string, id: string, change: Partial<VersionRecord>): void {
    const model = this.get(name);
    const updateTime = new Date().toISOString();
    const versions = model.versions.map((each) =>
      each.id === id ? { ...each, ...change, updateTime, etag: newEtag() } : each,
    );
    this.#models.set(name, { ...model, versions });
  }

  deleteVersion({ model, version }: ModelVersion): void {
    this.#models.set(model.name, { ...model, versions: model.versions.filter((each) => each.id !== version.id) });
  }

  delete(name: string): void {
    this.#models.delete(name);
  }
}
