import { systemClock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import { TrackingConnection } from "./connection.js";
import { MlflowHttp } from "./http.js";

/** What an MLflow server says of itself. */
export interface ServerState {
  /** Its address, without credentials. */
  uri: string;
  /** Its MLflow; null where it does not say, as behind some proxies. */
  version: string | null;
  /** Why its model registry cannot be read; null where it can. */
  registryError: DeploymentError | null;
}

/**
 * Asks an MLflow server whether it is one, and takes our credentials. Each request is sent once.
 *
 * @param trackingUri - Default `MLFLOW_TRACKING_URI` of `env`.
 * @throws DeploymentError As its first read of a model would.
 */
export async function serverState(
  trackingUri: string | undefined,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<ServerState> {
  const connection = new TrackingConnection(trackingUri, undefined, env);
  const http = new MlflowHttp(connection, systemClock, 1);
  const context = { signal };
  const resolve = (path: string) => connection.resolve(`/api/2.0/mlflow/${path}`);
  const experiments = { url: resolve("experiments/search"), what: "the experiments", body: { max_results: 1 } };
  const registry = {
    url: resolve("registered-models/search"),
    what: "the model registry",
    query: { max_results: "1" },
  };
  const version = http.text({ url: connection.resolve("/version"), what: "the server's version" }, context).then(
    (text) => /^\d+\.\d+[\w.+-]*$/.exec(text.trim())?.[0] ?? null,
    () => null,
  );
  const registryError = http.json(registry, context).then(
    () => null,
    (error: unknown) => DeploymentError.from(error, "Reading the model registry"),
  );
  await http.json(experiments, context);
  return { uri: connection.uri, version: await version, registryError: await registryError };
}
