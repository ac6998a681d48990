import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { createRequire } from "node:module";

import type { Storage, StorageOptions } from "@google-cloud/storage";
import type { auth } from "googleapis/build/src/apis/aiplatform/index.js";
import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";
import type { artifactregistry_v1 } from "googleapis/build/src/apis/artifactregistry/v1.js";
import type { cloudbuild_v1 } from "googleapis/build/src/apis/cloudbuild/v1.js";
import type { cloudresourcemanager_v3 } from "googleapis/build/src/apis/cloudresourcemanager/v3.js";
import type { iam_v1 } from "googleapis/build/src/apis/iam/v1.js";
import type { logging_v2 } from "googleapis/build/src/apis/logging/v2.js";
import type { ml_v1 } from "googleapis/build/src/apis/ml/v1.js";
import type { serviceusage_v1 } from "googleapis/build/src/apis/serviceusage/v1.js";

import { DeploymentError } from "../../../core/errors.js";
import { checkNotProxied, emulatorUrl } from "./emulator-host.js";
import { checkedPrivateUrl } from "./private-url.js";
import { secondsOf } from "./seconds.js";

/** How Google's APIs are reached, and as whom. Without any option: Google Cloud, by Application Default Credentials. */
export interface ConnectionOptions {
  /** `HOST:PORT` of an emulator that takes the place of every service. No credentials are looked for or sent. */
  emulatorHost?: string | undefined;
  /** Whether the emulator may be on another machine. Default false. */
  allowRemoteEmulator?: boolean | undefined;
  /** A file of Google credentials, of any kind that Application Default Credentials know. */
  keyFilename?: string | undefined;
  /** The content of such a file. */
  credentials?: object | undefined;
  /** The project, where the credentials do not say it. */
  projectId?: string | undefined;
  /** The URL of all services in place of Google's own, with credentials. For tests of what is sent. @internal */
  apiEndpoint?: string | undefined;
}

/**
 * The one version of Vertex AI's API that is used. Its index loads the other too, and `import` reads both through for their
 * exports: together a megabyte and a half, with each start of the command line program.
 */
function aiplatformV1(): typeof aiplatform_v1 {
  const path = "googleapis/build/src/apis/aiplatform/v1.js";
  return (require(path) as { aiplatform_v1: typeof aiplatform_v1 }).aiplatform_v1;
}

type GoogleAuth = InstanceType<typeof auth.GoogleAuth>;

const require = createRequire(import.meta.url);
const scope = "https://www.googleapis.com/auth/cloud-platform";
/** MLflow's `MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT`, for all requests but predictions. Seconds. */
const defaultRequestTimeout = 300;

/**
 * The clients of Google's APIs. Each library is loaded at the first call that needs it, and its client is kept.
 *
 * All go to the emulator or none does. googleapis and \@google-cloud/storage each bring a google-auth-library of another
 * major version, and the auth object of one gives no header in the other, silently: so each makes its own, from the same
 * options.
 */
export class GoogleConnection {
  /** The emulator's URL, without a slash at its end; null for Google Cloud. */
  readonly emulator: string | null;
  /** Agents that keep connections open, for all requests to one host. */
  readonly #agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  readonly #options: ConnectionOptions;
  readonly #endpoint: string | null;
  readonly #cached = new Map<string, Promise<unknown>>();

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` for an emulator that is no host, or not on this machine. */
  constructor(options: ConnectionOptions = {}) {
    this.#options = options;
    this.emulator = options.emulatorHost
      ? emulatorUrl(options.emulatorHost, options.allowRemoteEmulator ?? false)
      : null;
    this.#endpoint = this.emulator ?? options.apiEndpoint ?? null;
  }

  /** Vertex AI in a location; models, endpoints and operations of another location are not found there. */
  aiplatform(location: string): Promise<aiplatform_v1.Aiplatform> {
    return this.#once(`aiplatform ${location}`, async () => {
      const options = await this.#clientOptions(this.aiplatformUrl(location));
      const { Aiplatform } = aiplatformV1();
      return new Aiplatform(options);
    });
  }

  cloudbuild(): Promise<cloudbuild_v1.Cloudbuild> {
    return this.#once("cloudbuild", async () => {
      const { cloudbuild } = await import("googleapis/build/src/apis/cloudbuild/index.js");
      return cloudbuild({ version: "v1", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  artifactregistry(): Promise<artifactregistry_v1.Artifactregistry> {
    return this.#once("artifactregistry", async () => {
      const { artifactregistry } = await import("googleapis/build/src/apis/artifactregistry/index.js");
      return artifactregistry({ version: "v1", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  logging(): Promise<logging_v2.Logging> {
    return this.#once("logging", async () => {
      const { logging } = await import("googleapis/build/src/apis/logging/index.js");
      return logging({ version: "v2", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  /** AI Platform Prediction by its global endpoint, which serves models of all regions. */
  ml(): Promise<ml_v1.Ml> {
    return this.#once("ml", async () => {
      const { ml } = await import("googleapis/build/src/apis/ml/index.js");
      return ml({ version: "v1", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  serviceusage(): Promise<serviceusage_v1.Serviceusage> {
    return this.#once("serviceusage", async () => {
      const { serviceusage } = await import("googleapis/build/src/apis/serviceusage/index.js");
      return serviceusage({ version: "v1", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  cloudresourcemanager(): Promise<cloudresourcemanager_v3.Cloudresourcemanager> {
    return this.#once("cloudresourcemanager", async () => {
      const { cloudresourcemanager } = await import("googleapis/build/src/apis/cloudresourcemanager/index.js");
      return cloudresourcemanager({ version: "v3", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  iam(): Promise<iam_v1.Iam> {
    return this.#once("iam", async () => {
      const { iam } = await import("googleapis/build/src/apis/iam/index.js");
      return iam({ version: "v1", ...(await this.#clientOptions(this.#endpoint)) });
    });
  }

  /**
   * @param extra - Options of the client beside connection and credentials, such as its checksum generator; those of the
   * first call count.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` when `STORAGE_EMULATOR_HOST` or a proxy would send only Cloud Storage elsewhere.
   */
  storage(extra: Pick<StorageOptions, "crc32cGenerator" | "retryOptions" | "timeout"> = {}): Promise<Storage> {
    return this.#once("storage", async () => {
      if (!this.emulator && process.env["STORAGE_EMULATOR_HOST"]) {
        throw new DeploymentError(
          "INVALID_PARAMETER_VALUE",
          "STORAGE_EMULATOR_HOST is set, and would separate Cloud Storage from all other services. Unset it, or set AIPLATFORM_EMULATOR_HOST to use an emulator for all.",
        );
      }
      if (this.emulator) checkNotProxied(this.emulator, process.env);
      const { Storage } = await import("@google-cloud/storage");
      const storage = new Storage({ ...extra, ...this.#storageOptions() });
      // STORAGE_EMULATOR_HOST goes before `apiEndpoint` here, and the emulator covers every service
      if (this.#endpoint) storage.baseUrl = `${this.#endpoint}/storage/v1`;
      return storage;
    });
  }

  /** The URL of Vertex AI in a location, without a slash at its end. */
  aiplatformUrl(location: string): string {
    if (this.#endpoint) return this.#endpoint;
    return location === "global"
      ? "https://aiplatform.googleapis.com"
      : `https://${location}-aiplatform.googleapis.com`;
  }

  /** The URL of AI Platform Prediction, without a slash at its end. */
  mlUrl(): string {
    return this.#endpoint ?? "https://ml.googleapis.com";
  }

  /**
   * The URL of an endpoint's own host, without a slash at its end. The emulator's endpoints share its host, each with a
   * path of its own.
   */
  dedicatedUrl(dns: string): string {
    // the API's description gives it the form of a URL, its SDK that of a host
    const host = dns.replace(/^https:\/\//, "");
    if (this.#endpoint) return this.#endpoint + new URL(`http://${host}`).pathname.replace(/\/$/, "");
    if (/^[a-z0-9.-]+\.(goog|googleapis\.com)$/i.test(host)) return `https://${host}`;
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `The endpoint's own host "${host}" is none of Google's: no credentials are sent to it.`,
    );
  }

  /**
   * The URL of predictions inside a network, as Vertex AI told it. The emulator has its own host for it.
   *
   * @throws DeploymentError `INTERNAL_ERROR` for one that is not of a host of Google's, or of a private network.
   */
  privateUrl(url: string): string {
    if (!this.#endpoint) return checkedPrivateUrl(url);
    return this.#endpoint + (URL.canParse(url) ? new URL(url).pathname : "/");
  }

  /** Who calls, for a message: the account's email, null where it is not known. Never throws. */
  async caller(): Promise<string | null> {
    if (this.emulator) return "the emulator's anonymous caller";
    try {
      return (await (await this.#auth()).getCredentials()).client_email ?? null;
    } catch {
      return null;
    }
  }

  /** As {@link caller}, but asks Google where the credentials do not say it, as a user's own. Never throws. */
  async account(): Promise<string | null> {
    const known = await this.caller();
    if (known !== null) return known;
    try {
      const client = await (await this.#auth()).getClient();
      const { token } = await client.getAccessToken();
      return token && "getTokenInfo" in client ? ((await client.getTokenInfo(token)).email ?? null) : null;
    } catch {
      return null;
    }
  }

  /** The headers that prove who calls; none for the emulator. */
  async authorizationHeaders(url: string): Promise<Record<string, string>> {
    if (this.emulator) return {};
    const headers = await (await this.#auth()).getRequestHeaders(url);
    return Object.fromEntries(headers.entries());
  }

  /** The project of the options or else of the credentials; null when neither tells one. */
  async defaultProject(): Promise<string | null> {
    if (this.#options.projectId || this.emulator) return this.#options.projectId ?? null;
    try {
      return await (await this.#auth()).getProjectId();
    } catch {
      return null;
    }
  }

  #auth(): Promise<GoogleAuth> {
    return this.#once("auth", async () => {
      const { auth } = await import("googleapis/build/src/apis/aiplatform/index.js");
      return new auth.GoogleAuth({ ...this.#credentials(), scopes: [scope] });
    });
  }

  #credentials(): { keyFilename?: string; credentials?: object; projectId?: string } {
    const { keyFilename, credentials, projectId } = this.#options;
    return {
      ...(keyFilename && { keyFilename }),
      ...(credentials && { credentials }),
      ...(projectId && { projectId }),
    };
  }

  async #clientOptions(rootUrl: string | null) {
    return {
      ...(rootUrl && { rootUrl: `${rootUrl}/` }),
      ...(!this.emulator && { auth: await this.#auth() }),
      ...(!this.#goesThroughProxy() && { agent: this.#agent }),
      timeout: secondsOf("MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT", defaultRequestTimeout) * 1000,
      retry: false, // retry.ts decides
    };
  }

  readonly #agent = (url: URL): HttpAgent => (url.protocol === "http:" ? this.#agents.http : this.#agents.https);

  /** gaxios asks these variables for a proxy, unless it is given an agent. */
  #goesThroughProxy(): boolean {
    const variables = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
    return !this.emulator && variables.some((name) => process.env[name]);
  }

  #storageOptions(): StorageOptions {
    if (this.emulator) return { apiEndpoint: this.emulator, projectId: this.#options.projectId ?? "emulator" };
    if (!this.#endpoint) return this.#credentials();
    return { ...this.#credentials(), apiEndpoint: this.#endpoint, useAuthWithCustomEndpoint: true };
  }

  #once<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#cached.get(key) as Promise<T> | undefined;
    if (known) return known;
    const made = make();
    this.#cached.set(key, made);
    made.catch(() => this.#cached.delete(key));
    return made;
  }
}
