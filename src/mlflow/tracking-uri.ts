import { DeploymentError } from "../core/errors.js";
import { withoutCredentials } from "./printable-uri.js";

/** The servers that a user names: the tracking server, and the model registry where it is another. */
export type ServerRole = "tracking" | "registry";

/** The three ways to say where each is, for messages. */
export const serverSettings: Record<ServerRole, string> = {
  tracking: "trackingUri (tracking_uri, or the environment variable MLFLOW_TRACKING_URI)",
  registry: "registryUri (registry_uri, or the environment variable MLFLOW_REGISTRY_URI)",
};

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` when there is none, or when it is no http(s) URL. */
export function parseServerUri(text: string | undefined, role: ServerRole): URL {
  const setting = serverSettings[role];
  if (!text) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `This model URI needs an MLflow ${role} server. Set ${setting} to its address, such as http://127.0.0.1:5000.`,
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.host !== "") return url;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The ${role} URI "${withoutCredentials(text)}" is not an http or https URL. ${adviceFor(text, setting)}`,
  );
}

/** What to do with an address that MLflow's own client knows, and this package does not. */
function adviceFor(text: string, setting: string): string {
  if (/^(databricks|uc\b)/i.test(text)) {
    return (
      "Databricks and Unity Catalog are not supported: download the model there (mlflow artifacts download), and give its " +
      "directory as the model URI."
    );
  }
  if (/^[\w.-]+:\d+(\/|$)/.test(text)) return `Write http://${text} or https://${text} in ${setting}.`;
  return `Set ${setting} to a server's address; a database or a directory is served by \`mlflow server --backend-store-uri …\`.`;
}

/** Whether a URL leads to this machine; at its other end may be a tunnel to another. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}
