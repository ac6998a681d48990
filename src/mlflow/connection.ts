import { readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions } from "node:https";

import { DeploymentError } from "../core/errors.js";
import { authorization, findCredentials, type MlflowCredentials } from "./credentials.js";
import { isLoopback, parseTrackingUri } from "./tracking-uri.js";

/** What a request to some URL carries. */
export interface RequestSettings {
  headers: Record<string, string>;
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
  /** Set on the way to this machine: a proxy that the environment names would get the credentials, and lead elsewhere. */
  proxy?: false;
}

/** Where the tracking server is and how to reach it. Credentials and certificates are for its own origin only. */
export class TrackingConnection {
  /** With its path prefix, without credentials and without a slash at the end. */
  readonly uri: string;
  /** Whether the server is reached on this machine, so that its file paths may mean something here. */
  readonly isLocal: boolean;
  readonly #url: URL;
  readonly #credentials: MlflowCredentials;
  readonly #workspace: string | undefined;
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  readonly #ownHttpsAgent: HttpsAgent;
  readonly #otherHttpsAgent = new HttpsAgent({ keepAlive: true });

  /**
   * @param trackingUri Default `MLFLOW_TRACKING_URI`. http or https.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` when there is none, when it is no http(s) URL, when its user and
   * password cannot be decoded, or when the TLS settings contradict each other.
   */
  constructor(trackingUri: string | undefined, credentials: MlflowCredentials | undefined, env: NodeJS.ProcessEnv) {
    this.#url = parseTrackingUri(trackingUri || env.MLFLOW_TRACKING_URI);
    this.#credentials = findCredentials(credentials, this.#url, env);
    this.#workspace = env.MLFLOW_WORKSPACE || undefined;
    this.uri = `${this.#url.origin}${this.#url.pathname}`.replace(/\/+$/, "");
    this.isLocal = isLoopback(this.#url);
    this.#ownHttpsAgent = new HttpsAgent({ keepAlive: true, ...tlsSettings(env) });
  }

  /** A URL below the tracking server, or below another host that takes its place (`mlflow-artifacts://host:port/…`). */
  resolve(path: string, authority?: string): string {
    if (authority === undefined || authority === "") return `${this.uri}${path}`;
    return `${this.#url.protocol}//${authority}${this.#url.pathname.replace(/\/+$/, "")}${path}`;
  }

  /** What a request to `url` carries. */
  async settingsFor(url: string): Promise<RequestSettings> {
    const target = new URL(url);
    const route = { httpAgent: this.#httpAgent, ...(isLoopback(target) && { proxy: false as const }) };
    if (target.origin !== this.#url.origin) return { ...route, headers: {}, httpsAgent: this.#otherHttpsAgent };
    const headers: Record<string, string> = {};
    const secret = await authorization(this.#credentials);
    if (secret !== undefined) headers["Authorization"] = secret;
    if (this.#workspace !== undefined) headers["X-MLFLOW-WORKSPACE"] = this.#workspace;
    return { ...route, headers, httpsAgent: this.#ownHttpsAgent };
  }
}

/** MLflow's TLS settings: MLFLOW_TRACKING_INSECURE_TLS, MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH. */
function tlsSettings(env: NodeJS.ProcessEnv): AgentOptions {
  const insecure = /^(true|1)$/i.test(env.MLFLOW_TRACKING_INSECURE_TLS ?? "");
  const serverPath = env.MLFLOW_TRACKING_SERVER_CERT_PATH;
  if (insecure && serverPath) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set; unset one of them.",
    );
  }
  const settings: AgentOptions = insecure ? { rejectUnauthorized: false } : {};
  if (serverPath) settings.ca = readPem("MLFLOW_TRACKING_SERVER_CERT_PATH", serverPath);
  if (env.MLFLOW_TRACKING_CLIENT_CERT_PATH) {
    // one file with certificate and key, as in MLflow
    settings.cert = readPem("MLFLOW_TRACKING_CLIENT_CERT_PATH", env.MLFLOW_TRACKING_CLIENT_CERT_PATH);
    settings.key = settings.cert;
  }
  return settings;
}

function readPem(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `${variable} names "${path}", which cannot be read.`, {
      cause: error,
    });
  }
}
