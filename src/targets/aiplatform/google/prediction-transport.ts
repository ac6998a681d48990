import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import type * as Undici from "undici";
import type { Dispatcher } from "undici";

import { parseExactJson } from "../../../core/exact-json.js";
import { proxies } from "../../../core/proxies.js";
import { proxyConnections } from "../../../core/proxy-connections.js";
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
  /** Milliseconds: what waits for a connection is not stopped by its caller, and would hold the process. */
  connect: { timeout: 30_000 },
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
    return { status, headers, text: (await unpacked(bytes, headers["content-encoding"])).toString() };
  }

  /** Sends one request, and gives the answer as its first line is there. `message.signal` stops reading it, too. */
  async open(message: PredictionMessage): Promise<OpenAnswer> {
    const { dispatcher, request } = await this.#prepare(message);
    const { signal } = message;
    // undici itself stops nothing that waits for a connection
    const sent = unlessAborted(dispatcher.request({ ...request, ...(signal && { signal }) }), signal);
    const { statusCode, headers, body } = await sent.catch((error: unknown) => {
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

  #dispatcher({ Agent, EnvHttpProxyAgent, Pool }: typeof Undici, direct: boolean): Dispatcher {
    if (direct) return (this.#direct ??= new Agent(connectionOptions));
    const clientFactory = proxyConnections(Pool);
    return (this.#proxied ??= new EnvHttpProxyAgent({ ...connectionOptions, ...proxies(), clientFactory }));
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
    const aborted = () => stop(calledOff());
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
    const handler: Dispatcher.DispatchHandler = {
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
    };
    try {
      dispatcher.dispatch(request, handler);
    } catch (error) {
      settle(() => reject(error));
    }
  });
}

function unlessAborted<T>(sent: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return sent;
  return new Promise((resolve, reject) => {
    const stop = () => reject(calledOff());
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    void sent.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** An answer that is an error may be cut off, or say that it is packed when there is nothing in it. */
async function unpacked(bytes: Buffer, encoding: unknown): Promise<Buffer> {
  if (bytes.length === 0 || !/^(x-)?gzip$/i.test(String(encoding))) return bytes;
  return unzip(bytes).catch(() => bytes);
}

function calledOff(): Error {
  return new DOMException("The operation was aborted.", "AbortError");
}

function noAnswerInTime(): Error {
  return Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
}

/** undici's errors of a connection, with the code that Node.js has for one that broke, and one of its own for a proxy's refusal. */
function asNodes(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_ABORTED" && message.startsWith("Proxy response"))
    return Object.assign(new Error(`The proxy refused the connection: ${message}`), { code: "EPROXY" });
  return code === "UND_ERR_SOCKET" ? Object.assign(new Error(message), { code: "ECONNRESET" }) : error;
}

/** What is no JSON stays text. @param exactly - With all digits. */
export function parsed(text: string, exactly = false): unknown {
  try {
    return exactly ? parseExactJson(text) : (JSON.parse(text.replace(/^\uFEFF/, "")) as unknown);
  } catch {
    return text;
  }
}

/** An answer that is an error, in the form that gaxios throws one: see `requestFailure`. */
export function answered(status: number, data: unknown, headers: Record<string, unknown>): Error {
  return Object.assign(new Error(`HTTP ${status}`), { response: { status, data, headers } });
}
