/** `projects.models.versions`: the operations. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import type { ObjectStore } from "../cloud-storage/object-store.js";
import { failedPrecondition } from "../google-error.js";
import type { OperationResource, Operations } from "../operations.js";
import { type JsonObject, parseMessage } from "../proto/parse.js";
import { makeDefault } from "./default-version.js";
import { fieldError } from "./field-error.js";
import { InstallError } from "./install-packages.js";
import { versionMessage } from "./messages.js";
import { emptyResponse, operationResponse, startOperation } from "./operations.js";
import { checkEtag, patched, patchPaths } from "./patch.js";
import type { PredictionRuntime } from "./prediction-runtime.js";
import { idOf, modelOf, type VersionRecord } from "./records.js";
import type { ModelStore } from "./store.js";
import { versionSettings } from "./version-rules.js";
import { LoadError, type VersionServers } from "./version-servers.js";
import { download, findSources, type VersionSources } from "./version-sources.js";

export interface VersionsDependencies {
  operations: Operations;
  objects: ObjectStore;
  store: ModelStore;
  servers: VersionServers;
  runtime: PredictionRuntime;
  /** Where versions' models and packages are kept, each in a directory of its own. */
  directory: string;
}

const interrupted = "The creation of the version was cancelled, or interrupted by a restart of the emulator.";

/** Makes versions, changes and deletes them. */
export class Versions {
  readonly #deps: VersionsDependencies;

  constructor(deps: VersionsDependencies) {
    this.#deps = deps;
  }

  /** Starts the servers of the versions that were ready when the emulator was stopped. */
  async resumeAll(): Promise<void> {
    const { store, servers, directory } = this.#deps;
    for (const version of store.allVersions()) {
      if (version.state === "CREATING") this.#fail(version.name, interrupted);
      if (version.state === "READY" && version.installation) servers.resume(version, version.installation);
    }
    const kept = new Set(store.allVersions().map((version) => basename(version.directory)));
    // what a killed emulator was making or deleting
    for (const name of await readdir(directory).catch(() => [])) {
      if (!kept.has(name)) await rm(join(directory, name), { recursive: true, force: true });
    }
  }

  /** `versions.create`. @throws GoogleError for what is refused at once; what fails later is the operation's error. */
  async create(model: string, body: unknown): Promise<OperationResource> {
    const { store, objects, operations } = this.#deps;
    const wanted = parseMessage(versionMessage, body, "version");
    store.model(model, "parent");
    const settings = versionSettings(wanted);
    const sources = await findSources(objects, settings);
    const name = `${model}/versions/${String(wanted["name"])}`;
    store.model(model, "parent"); // it may have gone while its sources were looked for
    if (store.hasVersion(name)) {
      const description = "A version with the same name already exists.";
      throw fieldError("ALREADY_EXISTS", { field: "version.name", description });
    }
    const createTime = new Date().toISOString();
    const directory = join(this.#deps.directory, randomUUID());
    store.saveVersion({ name, settings, state: "CREATING", createTime, directory });
    const version = store.version(name);
    return startOperation(
      operations,
      { operationType: "CREATE_VERSION", model, version: store.versionResource(version) },
      ({ signal }) => this.#make(version, sources, signal),
      () => {
        if (store.version(name).state === "CREATING") this.#fail(name, interrupted);
      },
    );
  }

  /** `versions.patch`. */
  patch(name: string, body: unknown, mask: string | null): OperationResource {
    const { store, operations } = this.#deps;
    const change = parseMessage(versionMessage, body, "version");
    // nodes of manual scaling can be changed on other machine types only, and those run no custom prediction routine
    const paths = patchPaths(mask, ["description", "autoScaling.minNodes"]);
    checkEtag("version.etag", change, store.version(name));
    store.beginChange(name, "UPDATING");
    const version = store.versionResource(store.version(name));
    const subject = { operationType: "UPDATE_VERSION", model: modelOf(name), version } as const;
    const work = async () => {
      const current = store.version(name);
      store.saveVersion({ ...current, settings: patched(current.settings, change, paths) });
      store.endChange(name);
      return operationResponse("Version", store.versionResource(store.version(name)));
    };
    return startOperation(operations, subject, work, () => store.endChange(name));
  }

  /** `versions.delete`. */
  delete(name: string): OperationResource {
    const { store, operations, servers } = this.#deps;
    const check = () => {
      const isDefault = store.model(modelOf(name)).defaultVersion === name;
      if (!isDefault || store.versionsOf(modelOf(name)).length === 1) return;
      const description = `"${idOf(name)}" is the default version of the model and not its only version: make another one the default first.`;
      throw fieldError("FAILED_PRECONDITION", { field: "name", description });
    };
    store.version(name);
    check();
    store.beginChange(name, "DELETING");
    const version = store.versionResource(store.version(name));
    const work = async () => {
      check(); // it may be the default one now, or not the only one any more
      const { directory } = store.version(name);
      const { defaultVersion, ...model } = store.model(modelOf(name));
      store.saveModel({ ...model, ...(defaultVersion !== undefined && defaultVersion !== name && { defaultVersion }) });
      store.deleteVersion(name);
      await servers.stop(name);
      await rm(directory, { recursive: true, force: true });
      return emptyResponse;
    };
    const subject = { operationType: "DELETE_VERSION", model: modelOf(name), version } as const;
    return startOperation(operations, subject, work, () => store.endChange(name));
  }

  async #make(version: VersionRecord, sources: VersionSources, signal: AbortSignal): Promise<JsonObject> {
    const { store, servers, runtime, objects } = this.#deps;
    const { name, directory } = version;
    try {
      const [model, packages] = [join(directory, "model"), join(directory, "archives")];
      await mkdir(model, { recursive: true });
      await download(objects, sources.model, model, signal);
      await download(objects, sources.packages, packages, signal);
      const installation = await runtime.install({
        packages: sources.packages.map(({ path }) => join(packages, path)),
        directory: join(directory, "installed"),
        onLine: (line) => servers.log(version, line, "stdout"),
        signal,
      });
      await servers.start(version, installation, signal);
      store.saveVersion({ ...store.version(name), state: "READY", installation });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      signal.throwIfAborted();
      throw this.#failure(name, error);
    }
    if (store.model(modelOf(name)).defaultVersion === undefined) makeDefault(store, name);
    return operationResponse("Version", store.versionResource(store.version(name)));
  }

  #failure(name: string, error: unknown): unknown {
    const reason = error instanceof Error ? error.message : String(error);
    const isModels = error instanceof LoadError || error instanceof InstallError;
    const message = isModels
      ? `Create Version failed. Bad model detected with error:  "Failed to load model: ${reason} (Error code: 0)"`
      : `Create Version failed. ${reason}`;
    this.#fail(name, message);
    return isModels ? failedPrecondition(message) : error;
  }

  #fail(name: string, errorMessage: string): void {
    const { store } = this.#deps;
    store.saveVersion({ ...store.version(name), state: "FAILED", errorMessage });
  }
}
