import type { Dispatcher } from "undici";

import { Silence } from "./silence.js";

/** A request as it goes out. */
export interface Outgoing {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers: Record<string, string>;
  body: string | Buffer | AsyncIterable<Uint8Array>;
  /** Aborted with what it is to fail with. */
  signal: AbortSignal;
  /** Milliseconds without a word of the server, or a byte that it takes, after which the request fails. */
  silenceMs: number;
}

/** An answer, whatever its status. */
export interface Answer {
  status: number;
  /** By names in lower case. */
  headers: Record<string, unknown>;
  text: string;
}

/** No answer to a request about an object is longer. Bytes. */
const longestAnswer = 4 * 2 ** 20;

/** Up to here a body goes in one write. Bytes. */
const smallBody = 256 * 1024;

/** One request and its whole answer. Rejects with what the network says, in Node's own words and codes. */
export function exchange(
  dispatcher: Dispatcher,
  { method, url, headers, body, signal, silenceMs }: Outgoing,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url);
    let stopped: unknown;
    // until it has a connection, which may still come
    let stop = (reason: unknown): void => {
      stopped = reason;
      settle(() => reject(reason));
    };
    const silence = new Silence(silenceMs, () => stop(noAnswer(silenceMs)));
    const aborted = () => stop(signal.reason);
    const settle = (end: () => void): void => {
      silence.end();
      signal.removeEventListener("abort", aborted);
      end();
    };
    const parts: Buffer[] = [];
    let [status, size, head]: [number, number, Record<string, unknown>] = [0, 0, {}];
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        // what it is told is an Error, or else it says only that it was aborted
        stop = (reason) => controller.abort(reason instanceof Error ? reason : new Error(String(reason)));
        if (stopped !== undefined) stop(stopped);
      },
      onResponseStart(_controller, statusCode, answered) {
        silence.begin();
        status = statusCode;
        head = answered;
      },
      onResponseData(controller, part) {
        silence.begin();
        parts.push(part);
        size += part.length;
        if (size > longestAnswer) controller.abort(new Error("the answer is too long"));
      },
      onResponseEnd() {
        settle(() => resolve({ status, headers: head, text: Buffer.concat(parts).toString() }));
      },
      onResponseError(_controller, error) {
        settle(() => reject(asNodes(error)));
      },
    };
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) return aborted();
    silence.begin();
    const isSmall = typeof body === "string" || (Buffer.isBuffer(body) && body.length <= smallBody);
    const sent = isSmall ? body : silence.around(Buffer.isBuffer(body) ? [body] : body);
    try {
      dispatcher.dispatch({ origin, path: pathname + search, method, headers, body: sent as never }, handler);
    } catch (error) {
      settle(() => reject(error));
    }
  });
}

function noAnswer(silenceMs: number): Error {
  const message = `no answer came, and nothing was taken, for ${silenceMs / 1000} seconds`;
  return Object.assign(new Error(message), { code: "ETIMEDOUT" });
}

/** undici's errors of a connection, with Node's codes for them, and one of its own for a proxy's refusal. */
function asNodes(error: Error): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_ABORTED" && message.startsWith("Proxy response"))
    return Object.assign(new Error(`The proxy refused the connection: ${message}`), { code: "EPROXY" });
  if (code === "UND_ERR_SOCKET" || code === "UND_ERR_INFO")
    return Object.assign(new Error(message), { code: "ECONNRESET" });
  if (code === "UND_ERR_CONNECT_TIMEOUT") return Object.assign(new Error(message), { code: "ETIMEDOUT" });
  return error;
}
