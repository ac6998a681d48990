import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

import { authorization, findCredentials, findRegistryCredentials, type MlflowCredentials } from "./credentials.js";
import { tlsSettings } from "./tls-settings.js";
import { isLoopback, parseServerUri, type ServerRole, serverSettings } from "./tracking-uri.js";

/** What a request to some URL carries. */
export interface RequestSettings {
  headers: Record<string, string>;
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
  /** Set on the way to this machine: a proxy that the environment names would get the credentials, and lead elsewhere. */
  proxy?: false;
}

const usualAdvice = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN";
const heldBackAdvice =
  "credentials for MLflow are not sent there without encryption, since the tracking server has it: use https, or write some for " +
  "this server alone as http://USER:PASSWORD@HOST";

/** Where one of MLflow's servers is and how to reach it. Credentials and certificates are for its own origin only. */
export class TrackingConnection {
  /** With its path prefix, without credentials and without a slash at the end. */
  readonly uri: string;
  /** How its address is set, for messages. */
  readonly setting: string;
  /** Whether the server is reached on this machine, so that its file paths may mean something here. */
  readonly isLocal: boolean;
  readonly #url: URL;
  readonly #credentials: MlflowCredentials;
  readonly #signInAdvice: string;
  readonly #workspace: string | undefined;
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  readonly #ownHttpsAgent: HttpsAgent;
  readonly #otherHttpsAgent = new HttpsAgent({ keepAlive: true });

  /**
   * @param trackingUri Default `MLFLOW_TRACKING_URI`. http or https.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` when there is none, when it is no http(s) URL, when its user and
   * password cannot be decoded, or when the TLS settings contradict each other or name no certificate.
   */
  constructor(
    trackingUri: string | undefined,
    credentials: MlflowCredentials | undefined,
    env: NodeJS.ProcessEnv,
    role: ServerRole = "tracking",
    signInAdvice: string = usualAdvice,
  ) {
    this.#url = parseServerUri(trackingUri || env.MLFLOW_TRACKING_URI, role);
    this.#credentials = findCredentials(credentials, this.#url, env);
    this.#signInAdvice = signInAdvice;
    this.#workspace = env.MLFLOW_WORKSPACE || undefined;
    this.uri = `${this.#url.origin}${this.#url.pathname}`.replace(/\/+$/, "");
    this.setting = serverSettings[role];
    this.isLocal = isLoopback(this.#url);
    this.#ownHttpsAgent = new HttpsAgent({ keepAlive: true, ...tlsSettings(env) });
  }

  /**
   * A model registry that is not the tracking server. Its certificates are that one's, as in MLflow.
   *
   * @param trackingUri Where the tracking server is, if that is known: what goes there encrypted goes nowhere else in the open.
   * @throws DeploymentError As the constructor.
   */
  static ofRegistry(
    registryUri: string,
    trackingUri: string | undefined,
    credentials: MlflowCredentials | undefined,
    env: NodeJS.ProcessEnv,
  ): TrackingConnection {
    const url = parseServerUri(registryUri, "registry");
    const isOpener = url.protocol === "http:" && !isLoopback(url) && /^https:/i.test(trackingUri ?? "");
    const found = findRegistryCredentials(credentials, url, isOpener, env);
    const advice = found === null ? heldBackAdvice : usualAdvice;
    return new TrackingConnection(registryUri, found ?? {}, env, "registry", advice);
  }

  /** A URL below the tracking server, or below another host that takes its place (`mlflow-artifacts://host:port/…`). */
  resolve(path: string, authority?: string): string {
    if (authority === undefined || authority === "") return `${this.uri}${path}`;
    return `${this.#url.protocol}//${authority}${this.#url.pathname.replace(/\/+$/, "")}${path}`;
  }

  /** What an anonymous user is to do where `url` asks who they are. */
  signInAdvice(url: string): string {
    return this.#isOwn(url) ? this.#signInAdvice : `credentials are only sent to ${this.#url.origin}`;
  }

  /**
   * What a request to `url` carries.
   *
   * @throws DeploymentError `UNAUTHENTICATED` when a function that is asked for a token gives none.
   */
  async settingsFor(url: string): Promise<RequestSettings> {
    const route = { httpAgent: this.#httpAgent, ...(isLoopback(new URL(url)) && { proxy: false as const }) };
    if (!this.#isOwn(url)) return { ...route, headers: {}, httpsAgent: this.#otherHttpsAgent };
    const headers: Record<string, string> = {};
    const secret = await authorization(this.#credentials);
    if (secret !== undefined) headers["Authorization"] = secret;
    if (this.#workspace !== undefined) headers["X-MLFLOW-WORKSPACE"] = this.#workspace;
    return { ...route, headers, httpsAgent: this.#ownHttpsAgent };
  }

  #isOwn(url: string): boolean {
    return new URL(url).origin === this.#url.origin;
  }
}
