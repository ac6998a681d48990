import { subscribe, unsubscribe } from "node:diagnostics_channel";

import type { Exchange } from "./transcript.js";

interface Request {
  origin: string | URL;
  path: string;
  method: string;
}

/** What undici publishes of a request, on the channels below. */
interface Published {
  request: Request;
  chunk?: string | Uint8Array;
  response?: { statusCode: number; headers: Uint8Array[] };
}

/**
 * Follows the requests that undici sends, which do not go through Node's `ClientRequest`: predictions.
 *
 * @param ended - Gets each request with its answer.
 * @returns Stops it.
 */
export function followUndici(ended: (exchange: Exchange) => void): () => void {
  const open = new WeakMap<Request, { exchange: Exchange; body: Buffer[]; answer: Buffer[] }>();
  const listeners: Record<string, (published: Published) => void> = {
    "undici:request:create": ({ request }) => {
      const { protocol, host } = new URL(request.origin);
      const { method, path } = request;
      const time = new Date().toISOString();
      const empty = Buffer.alloc(0);
      const exchange = {
        time,
        method,
        protocol,
        host,
        path,
        body: empty,
        answer: empty,
        status: 0,
        encoding: undefined,
      };
      open.set(request, { exchange, body: [], answer: [] });
    },
    "undici:request:bodyChunkSent": ({ request, chunk }) => {
      if (chunk !== undefined) open.get(request)?.body.push(Buffer.from(chunk as Uint8Array));
    },
    "undici:request:headers": ({ request, response }) => {
      const followed = open.get(request);
      if (!followed || !response) return;
      const headers = response.headers.map((each) => Buffer.from(each).toString("latin1"));
      const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-encoding");
      Object.assign(followed.exchange, { status: response.statusCode, encoding: at < 0 ? undefined : headers[at + 1] });
    },
    "undici:request:bodyChunkReceived": ({ request, chunk }) => {
      if (chunk !== undefined) open.get(request)?.answer.push(Buffer.from(chunk as Uint8Array));
    },
    "undici:request:trailers": ({ request }) => {
      const followed = open.get(request);
      if (!followed) return;
      open.delete(request);
      ended({ ...followed.exchange, body: Buffer.concat(followed.body), answer: Buffer.concat(followed.answer) });
    },
  };
  const entries = Object.entries(listeners) as [string, (published: unknown) => void][];
  for (const [channel, listener] of entries) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of entries) unsubscribe(channel, listener);
  };
}
