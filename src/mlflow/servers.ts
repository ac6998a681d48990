import type { Clock } from "../core/clock.js";
import { TrackingConnection } from "./connection.js";
import type { MlflowOptions } from "./credentials.js";
import { MlflowHttp } from "./http.js";

/** Where the user's MLflow is. */
export interface MlflowServerOptions extends MlflowOptions {
  /** The tracking server, http or https, with its path prefix. Default `MLFLOW_TRACKING_URI`. Only model URIs that lead there need it. */
  trackingUri?: string | undefined;
  /** The server of registered models, where it is another. Default `MLFLOW_REGISTRY_URI`, then the tracking server. */
  registryUri?: string | undefined;
  /** Where `MLFLOW_*` variables and `HOME` are read. Default `process.env`. */
  env?: NodeJS.ProcessEnv | undefined;
}

/** Makes the connections to the tracking server and to the model registry when they are first needed, each once. */
export class MlflowServers {
  readonly #trackingUri: string | undefined;
  /** Undefined where it is the tracking server. */
  readonly #registryUri: string | undefined;
  readonly #credentials: MlflowOptions["credentials"];
  readonly #env: NodeJS.ProcessEnv;
  readonly #clock: Clock;
  readonly #attempts: number | undefined;
  #tracking: MlflowHttp | undefined;
  #registry: MlflowHttp | undefined;

  /** @param attempts As of {@link MlflowHttp}. */
  constructor({ env = process.env, ...options }: MlflowServerOptions, clock: Clock, attempts?: number) {
    this.#trackingUri = options.trackingUri || env.MLFLOW_TRACKING_URI || undefined;
    const registryUri = options.registryUri || env.MLFLOW_REGISTRY_URI || undefined;
    this.#registryUri = registryUri === this.#trackingUri ? undefined : registryUri;
    this.#credentials = options.credentials;
    this.#env = env;
    this.#clock = clock;
    this.#attempts = attempts;
  }

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` when no tracking server is named, or settings contradict each other. */
  tracking(): MlflowHttp {
    this.#tracking ??= this.#http(new TrackingConnection(this.#trackingUri, this.#credentials, this.#env));
    return this.#tracking;
  }

  /** @throws DeploymentError As {@link tracking}. */
  registry(): MlflowHttp {
    const uri = this.#registryUri;
    if (uri === undefined) return this.tracking();
    this.#registry ??= this.#http(TrackingConnection.ofRegistry(uri, this.#trackingUri, this.#credentials, this.#env));
    return this.#registry;
  }

  /** The connection for artifacts of any server. One that is not ours gets nothing of ours, no certificate either. */
  at(server: URL): MlflowHttp {
    if (isBelow(this.#trackingUri, server)) return this.tracking();
    if (isBelow(this.#registryUri, server)) return this.registry();
    return this.#http(new TrackingConnection(server.origin, {}, {}));
  }

  #http(connection: TrackingConnection): MlflowHttp {
    return new MlflowHttp(connection, this.#clock, this.#attempts);
  }
}

function isBelow(uri: string | undefined, { origin }: URL): boolean {
  return uri !== undefined && URL.canParse(uri) && new URL(uri).origin === origin;
}
