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
  readonly #options: MlflowServerOptions;
  readonly #clock: Clock;
  readonly #attempts: number | undefined;
  #tracking: MlflowHttp | undefined;
  #registry: MlflowHttp | undefined;

  /** @param attempts As of {@link MlflowHttp}. */
  constructor(options: MlflowServerOptions, clock: Clock, attempts?: number) {
    this.#options = options;
    this.#clock = clock;
    this.#attempts = attempts;
  }

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` when no tracking server is named, or settings contradict each other. */
  tracking(): MlflowHttp {
    const { trackingUri, credentials, env = process.env } = this.#options;
    this.#tracking ??= this.#http(new TrackingConnection(trackingUri, credentials, env));
    return this.#tracking;
  }

  /** @throws DeploymentError As {@link tracking}. */
  registry(): MlflowHttp {
    const { credentials, env = process.env } = this.#options;
    const trackingUri = this.#options.trackingUri || env.MLFLOW_TRACKING_URI;
    const registryUri = this.#options.registryUri || env.MLFLOW_REGISTRY_URI;
    if (!registryUri || registryUri === trackingUri) return this.tracking();
    this.#registry ??= this.#http(TrackingConnection.ofRegistry(registryUri, trackingUri, credentials, env));
    return this.#registry;
  }

  #http(connection: TrackingConnection): MlflowHttp {
    return new MlflowHttp(connection, this.#clock, this.#attempts);
  }
}
