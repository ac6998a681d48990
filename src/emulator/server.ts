import { DeploymentError } from "../core/errors.js";
import { inspectPython } from "../runtime/python.js";
import { artifactRoutes } from "./artifacts/artifact-routes.js";
import { Repositories } from "./artifacts/repositories.js";
import { buildRoutes } from "./build/build-routes.js";
import { Builds } from "./build/builds.js";
import { type DataDirectory, openDataDirectory } from "./data-directory.js";
import { type ArmedFault, type Fault, Faults } from "./faults.js";
import { GoogleError } from "./google-error.js";
import { type HttpServer, startHttpServer } from "./http.js";
import { ImageFiles } from "./image-files.js";
import { ImageRegistry } from "./images.js";
import { logRoutes } from "./logging/log-routes.js";
import { LogStore } from "./logs.js";
import { pythonRuntime } from "./ml/prediction-runtime.js";
import { mlRoutes } from "./ml/routes.js";
import { Operations } from "./operations.js";
import { Projects } from "./projects/projects.js";
import { resourceManagerRoutes } from "./projects/resource-manager-routes.js";
import { serviceUsageRoutes } from "./projects/service-usage-routes.js";
import { Recorder } from "./recorder.js";
import { StateStore } from "./state.js";
import { openStorage } from "./cloud-storage/storage-routes.js";
import { vertexRoutes } from "./vertex/routes.js";

/** How an emulator is to run. All of it has defaults. */
export interface EmulatorOptions {
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /**
   * Path of the directory where state, objects and images are kept, by one emulator at a time; made if it is missing, and
   * closed to other users of this machine. Default: a temporary one, removed by `stop()`.
   */
  dataDir?: string;
  /**
   * Path of the Python interpreter for builds and deployed models, used where its minor version is the image's and it has
   * what the image installs. Default: `MLFLOW_DEPLOYMENTS_PYTHON`, else one on `PATH`.
   */
  python?: string;
  /** Path of a file to which every request is appended, as a line of JSON without headers or secrets. */
  record?: string;
  /** URL of another server for objects, such as fake-gcs-server. Default: objects are kept in `dataDir`. */
  storageEndpoint?: string;
  /** The least time that a long-running operation takes, in milliseconds. Default 50. */
  operationLatencyMs?: number;
  /**
   * The longest that a deployed model's server may take to become healthy, in seconds, whatever its `deploymentTimeout`.
   * Default 120.
   */
  longestStartSeconds?: number;
  /** Called with each line for the person who runs the emulator. */
  onLog?: (line: string) => void;
  /** Stops the emulator when aborted. */
  signal?: AbortSignal;
}

/** A running emulator. With `await using`, it stops at the end of the block. */
export interface Emulator {
  /** `127.0.0.1:PORT`, the value for `AIPLATFORM_EMULATOR_HOST`. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /**
   * Makes a bucket, as `gcloud storage buckets create` does: nothing else makes one. One that is there already stays as
   * it is.
   *
   * @param name The bucket's name, without `gs://`.
   * @param options.location Region or multi-region, such as `europe-west1`. Default `US`.
   * @param options.project Id of the project that owns it. Default `emulator`.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a name or a location that Cloud Storage does not take.
   */
  createBucket(name: string, options?: { location?: string; project?: string }): Promise<void>;
  /**
   * Lets the next requests of a kind fail, with Google's error and in the form of the API that is asked, to see what a
   * client makes of it. A restart of the emulator forgets it.
   *
   * @param fault Which requests, how many, and how.
   * @returns How many failed so far, and a way to call it off.
   *
   * @example
   * ```ts
   * const fault = emulator.failNext({ method: /^POST .*:deployModel$/, status: "UNAVAILABLE", afterEffect: true });
   * await client.createDeployment({ name: "iris", modelUri });
   * expect(fault.fired).toBe(1);
   * ```
   */
  failNext(fault: Fault): ArmedFault;
  /** Stops the server, running builds and deployed models, and saves the state. May be called more than once. */
  stop(): Promise<void>;
  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the emulator: the part of Vertex AI, AI Platform Prediction, Cloud Build, Artifact Registry, Cloud Logging,
 * Cloud Storage, Service Usage and Cloud Resource Manager that this package uses, on one port of this machine's loopback
 * interface. It asks for no credentials, and really builds and runs what is deployed: give it only models that you trust.
 * docs/emulator.md says what it does, field by field.
 *
 * @throws Error when the data directory cannot be used; DeploymentError `FAILED_PRECONDITION` for a `python` that is none,
 * `RESOURCE_CONFLICT` when the port is taken, or another emulator uses that directory.
 *
 * @example
 * ```ts
 * await using emulator = await startEmulator();
 * await emulator.createBucket("my-models", { location: "europe-west1" });
 * process.env.AIPLATFORM_EMULATOR_HOST = emulator.host;
 * ```
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  options.signal?.throwIfAborted();
  if (options.python !== undefined) await inspectPython(options.python);
  const data = await openDataDirectory(options.dataDir);
  try {
    return await serve(data, options);
  } catch (error) {
    await data.close();
    throw error;
  }
}

async function serve(data: DataDirectory, options: EmulatorOptions): Promise<Emulator> {
  const { onLog = () => {}, storageEndpoint, operationLatencyMs = 50, longestStartSeconds = 120 } = options;
  const { path: dataDir, homes } = data;
  const state = await StateStore.open(dataDir);
  const operations = new Operations({ state, latencyMs: operationLatencyMs });
  const storage = await openStorage({ dataDir, state, storageEndpoint });
  const logs = new LogStore(state);
  const images = new ImageRegistry(state);
  const files = new ImageFiles(dataDir);
  files.addUser(() => images.roots());
  const repositories = new Repositories(state, images, files);
  const environment = {
    objects: storage.objects,
    images,
    repositories,
    files,
    dataDir,
    cacheDir: undefined,
    python: options.python,
  };
  const builds = new Builds({ state, operations, logs, environment });
  let url = "";
  const { objects, access } = storage;
  const projects = new Projects(state);
  const vertex = vertexRoutes({
    state,
    projects,
    operations,
    objects,
    access,
    images,
    files,
    logs,
    homes,
    url: () => url,
    longestStartMs: longestStartSeconds * 1000,
  });
  const ml = mlRoutes({
    state,
    projects,
    operations,
    objects,
    access,
    logs,
    runtime: pythonRuntime(environment),
    dataDir,
    homes,
    url: () => url,
    longestStartMs: longestStartSeconds * 1000,
  });
  const faults = new Faults();
  const recorder = options.record === undefined ? undefined : new Recorder(options.record);
  const server: HttpServer = await startHttpServer({
    port: options.port ?? 0,
    routes: [
      ...storage.routes,
      ...artifactRoutes(repositories, operations),
      ...buildRoutes(builds),
      ...logRoutes(logs),
      ...serviceUsageRoutes(projects),
      ...resourceManagerRoutes(projects),
      ...vertex.routes,
      ...ml.routes,
    ],
    faults,
    onExchange: (exchange) => recorder?.record(exchange),
    onLog,
  });
  url = `http://127.0.0.1:${server.port}`;

  const shutDown = async () => {
    try {
      await server.close();
      await vertex.stop();
      await ml.stop();
      await operations.stop();
      logs.save();
      storage.close();
      await state.close();
    } finally {
      await data.close();
    }
  };
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= shutDown());
  const stopOnAbort = () =>
    void stop().catch((error: unknown) => onLog(`The emulator did not stop well: ${String(error)}`));
  options.signal?.addEventListener("abort", stopOnAbort, { once: true });
  await vertex.start();
  await ml.start();
  onLog(`The emulator listens on ${url}.`);
  return {
    host: `127.0.0.1:${server.port}`,
    url,
    port: server.port,
    async createBucket(name, { location = "US", project = "emulator" } = {}) {
      try {
        if (!(await objects.getBucket(name))) await objects.createBucket(name, { project, location });
      } catch (error) {
        if (!(error instanceof GoogleError) || error.httpStatus !== 400) throw error;
        throw new DeploymentError("INVALID_PARAMETER_VALUE", `The bucket cannot be made: ${error.message}.`, {
          cause: error,
        });
      }
    },
    failNext: (fault) => faults.arm(fault),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
