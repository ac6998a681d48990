import type { Storage } from "@google-cloud/storage";

import { DeploymentError } from "../core/errors.js";
import { Connections } from "../http/connections.js";
import { type Answer, exchange, type Outgoing } from "../http/exchange.js";
import { untilCancelled } from "./cancellation.js";
import type { StorageConnection } from "./connection.js";

/** No answer to a request about an object is longer. Bytes. */
const longestAnswer = 4 * 2 ** 20;

/** A request to Cloud Storage, but for where that is and who asks. */
export interface ObjectRequest extends Pick<Outgoing, "method" | "body"> {
  /** Aborted with what the request is to fail with. */
  signal: AbortSignal;
  headers?: Record<string, string>;
  /** In place of the transport's own. */
  silenceMs?: number;
}

/**
 * Sends what the bytes of objects go in, which `@google-cloud/storage` would take through seven streams: over connections
 * that stay open, as whom and to where that library's client goes, and by the proxy that the environment names.
 */
export class ObjectTransport {
  readonly #connection: StorageConnection;
  readonly #silenceMs: number;
  readonly #connections = new Connections();

  /** @param silenceMs - Milliseconds after which a server that says nothing, and takes nothing, counts as gone. */
  constructor(connection: StorageConnection, silenceMs: number) {
    this.#connection = connection;
    this.#silenceMs = silenceMs;
  }

  /** A request that makes an object, or begins to. @param path - Below `/upload/storage/v1`. */
  async upload(path: string, request: ObjectRequest): Promise<Answer> {
    const client = await this.#connection.client();
    return this.#authorized(client, `${client.apiEndpoint}/upload/storage/v1${path}`, request);
  }

  /** Another request of the JSON API. @param path - Below `/storage/v1`. */
  async call(path: string, request: ObjectRequest): Promise<Answer> {
    const client = await this.#connection.client();
    return this.#authorized(client, client.baseUrl + path, request);
  }

  /**
   * A request to an upload's session. Its URL is all that it takes ("Resumable uploads", "Session URIs"), and it comes from a
   * server: no credentials go there.
   *
   * @throws DeploymentError `INTERNAL_ERROR` for one that is not encrypted, where Cloud Storage is.
   */
  async continue(url: string, request: ObjectRequest): Promise<Answer> {
    const { apiEndpoint } = await this.#connection.client();
    if (/^https:/i.test(apiEndpoint) && !/^https:/i.test(url)) {
      throw new DeploymentError(
        "INTERNAL_ERROR",
        `${apiEndpoint} named a session for the upload that is not encrypted, and nothing was sent there. Look at who answers for it.`,
      );
    }
    return this.#send(url, request, {});
  }

  async #authorized(client: Storage, url: string, request: ObjectRequest): Promise<Answer> {
    const isOwnEndpoint = client.customEndpoint && !client.useAuthWithCustomEndpoint;
    // the library waits for a token without an end
    const asCaller = () => untilCancelled(() => client.authClient.getRequestHeaders(url), request.signal, "Signing in");
    return this.#send(url, request, isOwnEndpoint ? {} : await asCaller());
  }

  async #send(url: string, request: ObjectRequest, credentials: Record<string, string>): Promise<Answer> {
    const { method, body, signal, headers, silenceMs = this.#silenceMs } = request;
    const { origin, pathname, search } = new URL(url);
    return exchange(await this.#connections.by("proxied"), {
      method,
      origin,
      path: pathname + search,
      headers: { ...headers, ...credentials },
      body,
      limit: { milliseconds: silenceMs, of: "silence" },
      signal,
      longestAnswer,
    });
  }
}
