import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import type { Dispatcher } from "undici";

import { unlessAborted } from "../../../core/abort.js";
import { parseExactJson } from "../../../core/exact-json.js";
import { Connections } from "../../../http/connections.js";
import { exchange } from "../../../http/exchange.js";
import { asNodes } from "../../../http/network-error.js";
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

const unzip = promisify(gunzip);

/**
 * Sends predictions, which googleapis does not: over connections that stay open, by the proxy that the environment names at the
 * first of them. Follows no redirect. Rejects with what the network says, and with a code `ETIMEDOUT` for no answer in time.
 */
export class PredictionTransport {
  readonly #connection: GoogleConnection;
  readonly #connections = new Connections();
  #last: { url: string; origin: string; path: string } | undefined;

  constructor(connection: GoogleConnection) {
    this.#connection = connection;
  }

  /** Sends one request, and gives the whole answer. */
  async post(message: PredictionMessage): Promise<WholeAnswer> {
    const { url, body, timeoutMs, signal } = message;
    const dispatcher = await this.#dispatcher(message);
    const sent = await this.#headers(message);
    // Google compresses only for those who have the word in their name as well
    sent["accept-encoding"] = "gzip";
    sent["user-agent"] = "mlflow-deployments (gzip)";
    const { origin, path } = this.#place(url);
    const limit = { milliseconds: timeoutMs, of: "answer" } as const;
    const answer = await exchange(dispatcher, { method: "POST", origin, path, headers: sent, body, limit, signal });
    const { status, headers } = answer;
    const isPacked = answer.body.length > 0 && /^(x-)?gzip$/i.test(String(headers["content-encoding"]));
    return { status, headers, text: (isPacked ? await unpacked(answer.body) : answer.body).toString() };
  }

  /** Sends one request, and gives the answer as its first line is there. `message.signal` stops reading it, too. */
  async open(message: PredictionMessage): Promise<OpenAnswer> {
    const { url, body, signal } = message;
    const dispatcher = await this.#dispatcher(message);
    const request = { ...this.#place(url), method: "POST", headers: await this.#headers(message), body } as const;
    // undici itself stops nothing that waits for a connection
    const sent = unlessAborted(dispatcher.request({ ...request, ...(signal && { signal }) }), signal);
    const answer = await sent.catch((error: unknown) => {
      throw asNodes(error);
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  }

  #dispatcher({ direct }: PredictionMessage): Promise<Dispatcher> {
    return this.#connections.by(direct || this.#connection.emulator !== null ? "direct" : "proxied");
  }

  async #headers({ url, withCredentials }: PredictionMessage): Promise<Record<string, string>> {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (withCredentials && this.#connection.emulator === null)
      Object.assign(headers, await this.#connection.authorizationHeaders(url));
    return headers;
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

/** An answer that is an error may be cut off, or say that it is packed when there is nothing in it. */
function unpacked(bytes: Buffer): Promise<Buffer> {
  return unzip(bytes).catch(() => bytes);
}

/** What is no JSON stays text. @param exactly - With all digits. */
export function parsed(text: string, exactly = false): unknown {
  try {
    return exactly
      ? parseExactJson(text)
      : (JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown);
  } catch {
    return text;
  }
}

/** An answer that is an error, in the form that gaxios throws one: see `requestFailure`. */
export function answered(status: number, data: unknown, headers: Record<string, unknown>): Error {
  return Object.assign(new Error(`HTTP ${status}`), { response: { status, data, headers } });
}
