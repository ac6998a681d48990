import { serverState } from "../../../mlflow/server-state.js";
import type { MlflowServerOptions } from "../../../mlflow/servers.js";
import { type Finding, fromError, ok, skipped, warning } from "./check.js";

/** Whether the MLflow server answers, takes the credentials, and has a model registry. */
export async function mlflow(servers: MlflowServerOptions, signal: AbortSignal): Promise<Finding> {
  if (servers.trackingUri === undefined) {
    return skipped(
      "No MLflow server is named, so that only models in files and buckets can be deployed.",
      "Pass config.trackingUri, or set the environment variable MLFLOW_TRACKING_URI.",
    );
  }
  try {
    const { uri, version, registryError } = await serverState(servers, signal);
    const server = version === null ? `MLflow of unknown version at ${uri}` : `MLflow ${version} at ${uri}`;
    if (registryError === null) return ok(`${server}, with a model registry.`);
    const { message } = fromError(registryError, "");
    return warning(
      `${server}; its model registry cannot be read: ${message}`,
      "Name models by runs:/ in place of models:/, or have the registry made readable.",
    );
  } catch (error) {
    return fromError(
      error,
      "Check trackingUri (MLFLOW_TRACKING_URI) and the credentials of MLFLOW_TRACKING_USERNAME, …_PASSWORD or …_TOKEN.",
    );
  }
}
