import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { DeploymentError } from "../core/errors.js";
import { trackingUriSetting } from "./tracking-uri.js";

/** How to sign in to the tracking server. User name and password win over a token, as in MLflow. */
export interface MlflowCredentials {
  /** Default `MLFLOW_TRACKING_USERNAME`, then `mlflow_tracking_username` of `~/.mlflow/credentials`. */
  username?: string | undefined;
  /** Default `MLFLOW_TRACKING_PASSWORD`, then `mlflow_tracking_password` of `~/.mlflow/credentials`. */
  password?: string | undefined;
  /**
   * A bearer token, default `MLFLOW_TRACKING_TOKEN`. A function is asked before every request: it is for tokens that expire, such
   * as those of Identity-Aware Proxy.
   */
  token?: string | (() => string | Promise<string>) | undefined;
}

/**
 * The credentials to use: those given in code, else those in the tracking URI, else the environment's, else the file's.
 *
 * @param given From code.
 * @param trackingUri Its user and password count, as in `https://user:password@host`; a user alone does not.
 * @param env Where `MLFLOW_TRACKING_*` and `HOME` are read.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when those in the tracking URI cannot be decoded.
 */
export function findCredentials(
  given: MlflowCredentials | undefined,
  trackingUri: URL,
  env: NodeJS.ProcessEnv,
): MlflowCredentials {
  if (given !== undefined) return given;
  if (trackingUri.username !== "" && trackingUri.password !== "") {
    return { username: decoded(trackingUri.username), password: decoded(trackingUri.password) };
  }
  const file = readCredentialsFile(join(env.HOME ?? homedir(), ".mlflow", "credentials"));
  return {
    username: env.MLFLOW_TRACKING_USERNAME || file.get("mlflow_tracking_username"),
    password: env.MLFLOW_TRACKING_PASSWORD || file.get("mlflow_tracking_password"),
    token: env.MLFLOW_TRACKING_TOKEN,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The user or password in ${trackingUriSetting} is not percent-encoded. Write % as %25, as encodeURIComponent does, or ` +
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, which are taken as they are.",
    );
  }
}

/** The value of an `Authorization` header; undefined for an anonymous request. */
export async function authorization(credentials: MlflowCredentials): Promise<string | undefined> {
  const { username, password, token } = credentials;
  if (username && password) return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const bearer = (typeof token === "function" ? await token() : token)?.trim();
  return bearer ? `Bearer ${bearer}` : undefined;
}

/** The keys of the `[mlflow]` section; none when there is no such file. */
function readCredentialsFile(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return new Map();
  }
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[(.+)\]\s*$/.exec(line);
    if (header) section = header[1] ?? "";
    const entry = /^\s*([^\s=:#;]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (entry?.[1] && entry[2] && section === "mlflow") values.set(entry[1].toLowerCase(), entry[2]);
  }
  return values;
}
