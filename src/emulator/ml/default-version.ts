/** Which version answers the requests that name a model only. */
import { fieldError } from "./field-error.js";
import { idOf, modelOf, type VersionRecord } from "./records.js";
import type { ModelStore } from "./store.js";

/** @throws GoogleError NOT_FOUND, or FAILED_PRECONDITION for a version that can't answer. */
export function readyVersion(store: ModelStore, name: string): VersionRecord {
  const version = store.version(name);
  if (version.state === "READY") return version;
  const description = `The version "${idOf(name)}" is ${version.state}: verify that CreateVersion has completed successfully.`;
  throw fieldError("FAILED_PRECONDITION", { field: "name", description });
}

/** @throws GoogleError as {@link readyVersion} does. */
export function makeDefault(store: ModelStore, name: string): void {
  readyVersion(store, name);
  store.saveModel({ ...store.model(modelOf(name)), defaultVersion: name });
}

/** @throws GoogleError FAILED_PRECONDITION for a model that has no default version yet. */
export function defaultVersion(store: ModelStore, model: string): VersionRecord {
  const name = store.model(model).defaultVersion;
  if (name !== undefined) return readyVersion(store, name);
  const description = `The model "${idOf(model)}" has no default version: create a version, or name one.`;
  throw fieldError("FAILED_PRECONDITION", { field: "name", description });
}
