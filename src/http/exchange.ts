import type { Dispatcher } from "undici";

import { onAbort } from "../core/abort.js";
import { asNodes } from "./network-error.js";
import { type Limit, Patience } from "./patience.js";

/** A request as it goes out. */
export interface Outgoing {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Such as `https://storage.googleapis.com`. */
  origin: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | AsyncIterable<Uint8Array>;
  limit: Limit;
  /** Aborted with what the request is to fail with. */
  signal: AbortSignal | undefined;
  /** Bytes of an answer beyond which it fails. */
  longestAnswer?: number;
}

/** An answer, whatever its status. */
export interface Answer {
  status: number;
  /** By names in lower case. */
  headers: Record<string, unknown>;
  body: Buffer;
}

/** Up to here a body goes in one write. Bytes. */
const smallBody = 256 * 1024;

/**
 * One request and its whole answer, without the streams that undici has between, which take as long as all the rest.
 *
 * Rejects with what the network says, in Node's own words and codes; `ETIMEDOUT` where the limit is over. It is stopped at once
 * also while it waits for a connection, which undici does not stop.
 */
export function exchange(dispatcher: Dispatcher, request: Outgoing): Promise<Answer> {
  const { method, origin, path, headers, body, limit, signal, longestAnswer = Number.POSITIVE_INFINITY } = request;
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let stopped: Error | undefined;
    const stop = (reason: unknown): void => {
      // what undici is told is an Error, or else it says only that it was aborted
      stopped = reason instanceof Error ? reason : new Error(String(reason));
      if (controller) return controller.abort(stopped);
      // it waits for a connection, which may still come
      end();
      reject(reason);
    };
    const aborted = (): void => stop(signal?.reason);
    const patience = new Patience(limit, () => stop(tooLong(limit)));
    const end = (): void => {
      patience.end();
      stopListening?.();
    };
    const stopListening = signal && onAbort(signal, aborted);

    const answer: Omit<Answer, "body"> = { status: 0, headers: {} };
    const parts: Buffer[] = [];
    let length = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (stopped) started.abort(stopped);
      },
      onResponseStart(_controller, status, answered) {
        patience.heard();
        answer.status = status;
        answer.headers = answered;
      },
      onResponseData(_controller, part) {
        patience.heard();
        parts.push(part);
        length += part.length;
        if (length > longestAnswer) stop(new Error("the answer is too long"));
      },
      onResponseEnd() {
        end();
        const [only] = parts;
        resolve({ ...answer, body: only && parts.length === 1 ? only : Buffer.concat(parts) });
      },
      onResponseError(_controller, error) {
        end();
        reject(asNodes(error));
      },
    };
    const isSmall = typeof body === "string" || (Buffer.isBuffer(body) && body.length <= smallBody);
    const sent = isSmall ? body : patience.around(Buffer.isBuffer(body) ? [body] : body);
    try {
      dispatcher.dispatch({ origin, path, method, headers, body: sent as never }, handler);
    } catch (error) {
      end();
      reject(error);
    }
  });
}

function tooLong({ of, milliseconds }: Limit): Error {
  const seconds = milliseconds / 1000;
  const message =
    of === "answer"
      ? `no answer in ${seconds} seconds`
      : `no answer came, and nothing was taken, for ${seconds} seconds`;
  return Object.assign(new Error(message), { code: "ETIMEDOUT" });
}
