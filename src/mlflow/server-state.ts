import { systemClock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import { type MlflowServerOptions, MlflowServers } from "./servers.js";

/** What an MLflow server says of itself. */
export interface ServerState {
  /** Its address, without credentials. */
  uri: string;
  /** Its MLflow; null where it does not say, as behind some proxies. */
  version: string | null;
  /** Why its model registry, or the other server that this is, cannot be read; null where it can. */
  registryError: DeploymentError | null;
}

/**
 * Asks the MLflow server whether it is one, and takes our credentials, and its registry, or the other server that this is, as well.
 * Each request is sent once.
 *
 * @throws DeploymentError As its first read of a model would.
 */
export async function serverState(options: MlflowServerOptions, signal?: AbortSignal): Promise<ServerState> {
  const servers = new MlflowServers(options, systemClock, 1);
  const http = servers.tracking();
  const { connection } = http;
  const context = { signal };
  const experiments = {
    url: connection.resolve("/api/2.0/mlflow/experiments/search"),
    what: "the experiments",
    body: { max_results: 1 },
  };
  const version = http.text({ url: connection.resolve("/version"), what: "the server's version" }, context).then(
    (text) => /^\d+\.\d+[\w.+-]*$/.exec(text.trim())?.[0] ?? null,
    () => null,
  );
  const registryError = readRegistry(servers, context).then(
    () => null,
    (error: unknown) => DeploymentError.from(error, "Reading the model registry"),
  );
  await http.json(experiments, context);
  return { uri: connection.uri, version: await version, registryError: await registryError };
}

async function readRegistry(servers: MlflowServers, context: { signal: AbortSignal | undefined }): Promise<void> {
  const http = servers.registry();
  const url = http.connection.resolve("/api/2.0/mlflow/registered-models/search");
  await http.json({ url, what: "the model registry", query: { max_results: "1" } }, context);
}
