import type { ml_v1 } from "googleapis/build/src/apis/ml/v1.js";

import type { Clock } from "../../../core/clock.js";
import type { PollSchedule } from "../../../core/operation.js";
import { GoogleApi } from "../google/api.js";
import type { GoogleConnection } from "../google/connection.js";
import type { GoogleOperation } from "../google/operations.js";
import { resourceNames, type ResourceNames, versionResourceName } from "./resource-names.js";

/** What every service of this folder is made with. */
export interface MlOptions {
  connection: GoogleConnection;
  /** The project's id. */
  project: string;
  clock?: Clock | undefined;
  /** The waits between two polls of an operation. */
  pollSchedule?: Partial<PollSchedule> | undefined;
}

export type Model = ml_v1.Schema$GoogleCloudMlV1__Model;
export type Version = ml_v1.Schema$GoogleCloudMlV1__Version;

/** AI Platform Prediction (`ml` v1) in one project. */
export class MlApi extends GoogleApi<ml_v1.Resource$Projects> {
  readonly names: ResourceNames;

  constructor({ connection, project, clock, pollSchedule }: MlOptions) {
    super({
      connection,
      service: "ml",
      methods: async () => (await connection.ml()).projects,
      operation: {
        get: (api, name, settings) => api.operations.get({ name }, settings),
        cancel: (api, name) => api.operations.cancel({ name }),
      },
      clock,
      pollSchedule,
    });
    this.names = resourceNames(project);
  }

  /** A model by its full name; null when there is none. */
  model(name: string, signal: AbortSignal | undefined): Promise<Model | null> {
    return this.find({ doing: `Reading the model ${name}`, signal }, (api, settings) =>
      api.models.get({ name }, settings),
    );
  }

  /** A version by its full name; null when there is none. */
  version(name: string, signal: AbortSignal | undefined): Promise<Version | null> {
    return this.find({ doing: `Reading the model version ${name}`, signal }, (api, settings) =>
      api.models.versions.get({ name }, settings),
    );
  }

  /** All versions of a model; none where there is no such model. */
  versions(model: string, signal: AbortSignal | undefined): Promise<Version[]> {
    return this.pages(
      (pageToken) =>
        this.find({ doing: `Listing the versions of the model ${model}`, signal }, (api, settings) =>
          api.models.versions.list({ parent: model, pageSize: 100, ...(pageToken && { pageToken }) }, settings),
        ).then((page) => page ?? {}),
      (page) => page.versions,
    );
  }

  /**
   * Unfinished operations on a model and its versions; null where the platform does not list them. The list is the
   * project's, and the syntax of its filter is not documented.
   */
  async runningOn(model: string, signal: AbortSignal | undefined): Promise<GoogleOperation[] | null> {
    const name = this.names.parent;
    const operations = await this.unfinished((pageToken) =>
      this.call({ doing: `Listing the operations of ${name}`, signal }, (api, settings) =>
        api.operations.list({ name, pageSize: 100, ...(pageToken && { pageToken }) }, settings),
      ),
    );
    if (operations === null) return null;
    return operations.filter(({ metadata }) => {
      const { modelName } = (metadata ?? {}) as { modelName?: unknown };
      return typeof modelName === "string" && this.names.model(this.names.idOf(modelName)) === model;
    });
  }

  /** The full name of the version that an operation is about; null where its metadata does not say it. */
  async versionOf(operationName: string, signal: AbortSignal | undefined): Promise<string | null> {
    const doing = `Reading the operation ${operationName}`;
    const { metadata } = await this.call({ doing, signal }, (api, settings) =>
      api.operations.get({ name: operationName }, settings),
    );
    const { modelName, version } = (metadata ?? {}) as { modelName?: unknown; version?: { name?: unknown } };
    if (typeof modelName !== "string" || typeof version?.name !== "string") return null;
    const { names } = this;
    return versionResourceName(names.model(names.idOf(modelName)), names.idOf(version.name));
  }
}
