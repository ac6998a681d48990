import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import type * as Undici from "undici";
import type { Dispatcher } from "undici";

import type { GoogleConnection } from "./connection.js";

/** A prediction as it goes out. */
export interface PredictionMessage {
  url: string;
  /** JSON text. */
  body: string;
  /** Whether it says who calls. */
  withCredentials: boolean;
  /** Whether it passes by a proxy that the environment names: inside a network. */
  direct: boolean;
  /** Milliseconds until the answer is there; of a stream, until its first byte. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** An answer, whatever its status. */
export interface WholeAnswer {
  status: number;
  /** By names in lower case. */
  headers: Record<string, unknown>;
  text: string;
}

/** An answer whose body is still to be read. */
export interface OpenAnswer extends Omit<WholeAnswer, "text"> {
  /** Who stops early breaks the connection. */
  body: Dispatcher.ResponseData["body"];
}

type Request = Dispatcher.DispatchOptions & { headers: Record<string, string> };

/** Of a connection; the time of a request is ours, and one for all of it. */
const connectionOptions = {
  /** Milliseconds that an idle connection stays, unless its server says another time. It does not hold the process. */
  keepAliveTimeout: 60_000,
  headersTimeout: 0,
  bodyTimeout: 0,
  connect: { timeout: 0 },
};

const unzip = promisify(gunzip);

/**
 * Sends predictions, which googleapis does not: over connections that stay open, by the proxy that the environment names at the
 * first of them. Follows no redirect. Rejects with what the network says, and with a code `ETIMEDOUT` for no answer in time.
 */
export class PredictionTransport {
  readonly #connection: GoogleConnection;
  #undici: typeof Undici | undefined;
  #direct: Dispatcher | undefined;
  #proxied: Dispatcher | undefined;
  #last: { url: string; origin: string; path: string } | undefined;

  constructor(connection: GoogleConnection) {
    this.#connection = connection;
  }

  /** Sends one request, and gives the whole answer. */
  async post(message: PredictionMessage): Promise<WholeAnswer> {
    const { dispatcher, request } = await this.#prepare(message);
    // Google compresses only for those who have the word in their name as well
    request.headers["accept-encoding"] = "gzip";
    request.headers["user-agent"] = "mlflow-deployments (gzip)";
    const { status, headers, bytes } = await exchange(dispatcher, request, message);
    const plain = headers["content-encoding"] === "gzip" ? await unzip(bytes) : bytes;
    return { status, headers, text: plain.toString() };
  }

  /** Sends one request, and gives the answer as its first line is there. `message.signal` stops reading it, too. */
  async open(message: PredictionMessage): Promise<OpenAnswer> {
    const { dispatcher, request } = await this.#prepare(message);
    const { statusCode, headers, body } = await dispatcher
      .request({ ...request, ...(message.signal && { signal: message.signal }) })
      .catch((error: unknown) => {
        throw asNodes(error);
      });
    return { status: statusCode, headers, body };
  }

  async #prepare({ url, body, withCredentials, direct }: PredictionMessage) {
    this.#undici ??= await import("undici");
    const dispatcher = this.#dispatcher(this.#undici, direct || this.#connection.emulator !== null);
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (withCredentials) Object.assign(headers, await this.#connection.authorizationHeaders(url));
    const { origin, path } = this.#place(url);
    const request: Request = { origin, path, method: "POST", headers, body };
    return { dispatcher, request };
  }

  #dispatcher({ Agent, EnvHttpProxyAgent }: typeof Undici, direct: boolean): Dispatcher {
    if (direct) return (this.#direct ??= new Agent(connectionOptions));
    return (this.#proxied ??= new EnvHttpProxyAgent(connectionOptions));
  }

  /** The parts of a URL, most often of the one before. */
  #place(url: string): { origin: string; path: string } {
    if (this.#last?.url !== url) {
      const { origin, pathname, search } = new URL(url);
      this.#last = { url, origin, path: pathname + search };
    }
    return this.#last;
  }
}

interface Exchanged {
  status: number;
  headers: Record<string, unknown>;
  bytes: Buffer;
}

/** One request and its whole answer, without the streams between, which take as long as all the rest. */
function exchange(
  dispatcher: Dispatcher,
  request: Request,
  { timeoutMs, signal }: PredictionMessage,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    let stopped: Error | undefined;
    let stop = (reason: Error): void => {
      // it waits for a connection, which may still come
      stopped = reason;
      settle(() => reject(reason));
    };
    const timer = setTimeout(() => stop(noAnswerInTime()), timeoutMs);
    const aborted = () => stop(new DOMException("The operation was aborted.", "AbortError"));
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      end();
    };
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted) {
      aborted();
      return;
    }
    let status = 0;
    let head: Record<string, unknown> = {};
    const parts: Buffer[] = [];
    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        if (stopped) controller.abort(stopped);
        stop = (reason) => controller.abort(reason);
      },
      onResponseStart(_controller, statusCode, headers) {
        status = statusCode;
        head = headers;
      },
      onResponseData(_controller, part) {
        parts.push(part);
      },
      onResponseEnd() {
        const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
        settle(() => resolve({ status, headers: head, bytes }));
      },
      onResponseError(_controller, error) {
        settle(() => reject(asNodes(error)));
      },
    });
  });
}

function noAnswerInTime(): Error {
  return Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
}

/** undici's errors of a connection that has broken, with the code that Node.js has for that. */
function asNodes(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "UND_ERR_SOCKET" ? Object.assign(new Error(message), { code: "ECONNRESET" }) : error;
}
