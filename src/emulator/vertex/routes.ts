/** The emulated part of Vertex AI v1: models, endpoints, operations, predictions, batch prediction jobs. */
import type { ImageFiles } from "../image-files.js";
import type { ImageRegistry } from "../images.js";
import type { Route } from "../http.js";
import type { LogStore } from "../logs.js";
import type { Operations } from "../operations.js";
import type { Projects } from "../projects/projects.js";
import type { StateStore } from "../state.js";
import type { ContainerAccess } from "../cloud-storage/container-access.js";
import type { ObjectStore } from "../cloud-storage/object-store.js";
import { BatchJobs } from "./batch/jobs.js";
import { batchRoutes } from "./batch/routes.js";
import { EndpointAddresses } from "./endpoints/addresses.js";
import { Deployments } from "./endpoints/deployments.js";
import { EndpointStore } from "./endpoints/endpoint-store.js";
import { ModelServers } from "./endpoints/model-servers.js";
import { endpointRoutes } from "./endpoints/routes.js";
import { Locations } from "./locations.js";
import { ArtifactCopies } from "./models/artifacts.js";
import { ModelStore } from "./models/model-store.js";
import { modelRoutes } from "./models/routes.js";
import { ModelUpload } from "./models/upload.js";
import { operationRoutes } from "./operation-routes.js";
import { privateRoutes } from "./predict/private-routes.js";
import { predictionRoutes } from "./predict/routes.js";

export interface VertexDependencies {
  state: StateStore;
  projects: Projects;
  operations: Operations;
  objects: ObjectStore;
  access: ContainerAccess;
  images: Pick<ImageRegistry, "find">;
  /** Of which the images of model versions are in use. */
  files: ImageFiles;
  logs: Pick<LogStore, "append">;
  /** The emulator's own address, such as `http://127.0.0.1:9090`; asked for only once it listens. */
  url: () => string;
  /** Where each container's process gets its home directory. */
  homes: string;
  /** The longest that a deploy waits for its model server, in milliseconds. */
  longestStartMs: number;
}

/** Vertex AI's routes, and the model servers behind them. */
export interface VertexService {
  routes: Route[];
  /** Starts the servers of the models that are deployed already, without waiting for them to be healthy. */
  start(): Promise<void>;
  /** Interrupts the jobs, and stops every model server. */
  stop(): Promise<void>;
}

export function vertexRoutes(deps: VertexDependencies): VertexService {
  const { state, operations, url, files } = deps;
  const locations = new Locations(deps.projects);
  const models = new ModelStore(state);
  files.addUser(() => models.imageRoots());
  const endpoints = new EndpointStore(state);
  const artifacts = new ArtifactCopies(deps.objects);
  const servers = new ModelServers(deps);
  const addresses = new EndpointAddresses(url);
  const deployments = new Deployments({ locations, operations, models, endpoints, servers, addresses });
  const jobs = new BatchJobs({ ...deps, locations, models, servers });
  const upload = new ModelUpload({
    locations,
    operations,
    models,
    artifacts,
    files,
    findImage: (uri) => deps.images.find(uri),
  });
  return {
    routes: [
      ...operationRoutes(locations, operations),
      ...modelRoutes({
        locations,
        operations,
        models,
        artifacts,
        files,
        upload,
        deployments,
      }),
      ...endpointRoutes({ locations, operations, endpoints, deployments, addresses }),
      ...predictionRoutes({ locations, endpoints, models, servers, addresses }),
      ...privateRoutes({ locations, endpoints, models, servers }),
      ...batchRoutes(locations, jobs),
    ],
    start: async () => {
      jobs.endLost();
      deployments.resumeAll();
    },
    stop: async () => {
      await jobs.stop();
      await servers.stopAll();
    },
  };
}
