import { DeploymentError } from "../core/errors.js";
import { withoutCredentials } from "./printable-uri.js";

/** The three ways to say where MLflow is, for messages. */
export const trackingUriSetting = "trackingUri (tracking_uri, or the environment variable MLFLOW_TRACKING_URI)";

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` when there is none, or when it is no http(s) URL. */
export function parseTrackingUri(text: string | undefined): URL {
  if (!text) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `This model URI needs an MLflow tracking server. Set ${trackingUriSetting} to its address, such as http://127.0.0.1:5000.`,
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The tracking URI "${withoutCredentials(text)}" is not an http or https URL. Set ${trackingUriSetting} to a server's ` +
        "address; a database or a directory is served by `mlflow server --backend-store-uri …`.",
    );
  }
  return url;
}

/** Whether a URL leads to this machine; at its other end may be a tunnel to another. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}
