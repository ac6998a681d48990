/** The emulated part of AI Platform Prediction's API `ml` v1, which has ended: models, versions, predictions. */
import { join } from "node:path";

import type { ContainerAccess } from "../cloud-storage/container-access.js";
import type { ObjectStore } from "../cloud-storage/object-store.js";
import type { Route } from "../http.js";
import type { LogStore } from "../logs.js";
import type { Operations } from "../operations.js";
import type { Projects } from "../projects/projects.js";
import type { StateStore } from "../state.js";
import { modelRoutes } from "./model-routes.js";
import { operationRoutes } from "./operation-routes.js";
import { Paths } from "./paths.js";
import { predictionRoutes } from "./prediction-routes.js";
import type { PredictionRuntime } from "./prediction-runtime.js";
import { ModelStore } from "./store.js";
import { versionRoutes } from "./version-routes.js";
import { VersionServers } from "./version-servers.js";
import { Versions } from "./versions.js";

export interface MlDependencies {
  state: StateStore;
  projects: Projects;
  operations: Operations;
  objects: ObjectStore;
  access: ContainerAccess;
  logs: Pick<LogStore, "append">;
  runtime: PredictionRuntime;
  /** The emulator's data directory. */
  dataDir: string;
  /** The emulator's own address; asked for only once it listens. */
  url: () => string;
  /** Where each process gets its home directory. */
  homes: string;
  /** The longest that a class may take to be loaded, in milliseconds. */
  longestStartMs: number;
}

/** AI Platform's routes, and the servers of versions behind them. */
export interface MlService {
  routes: Route[];
  /** Starts the servers of the versions that are there already, without waiting for them to be healthy. */
  start(): Promise<void>;
  /** Stops every server. */
  stop(): Promise<void>;
}

export function mlRoutes(deps: MlDependencies): MlService {
  const { operations } = deps;
  const paths = new Paths(deps.projects);
  const store = new ModelStore(deps.state);
  const servers = new VersionServers({ ...deps, store });
  const versions = new Versions({ ...deps, store, servers, directory: join(deps.dataDir, "ml") });
  return {
    routes: [
      ...modelRoutes({ paths, operations, store }),
      ...versionRoutes(paths, store, versions),
      ...operationRoutes(paths, operations),
      ...predictionRoutes(paths, store, servers),
    ],
    start: () => versions.resumeAll(),
    stop: () => servers.stopAll(),
  };
}
