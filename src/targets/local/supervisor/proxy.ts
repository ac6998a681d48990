import { type IncomingMessage, type OutgoingHttpHeaders, request as sendRequest, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";

import { isFromProgram } from "../../../runtime/loopback.js";
import { deployedModelHeader } from "../../../runtime/predictions.js";
import type { Lease } from "./worker.js";

/** Of one connection only (RFC 9110, 7.6.1), or what node:http answers or sets itself. */
const ownHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/**
 * Sends a request on to the process that serves, and its answer back, both as they come.
 *
 * @param lease - Gives the process, and waits for it where it is started again.
 */
export async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  lease: (signal: AbortSignal) => Promise<Lease | null>,
): Promise<void> {
  if (!isFromProgram(incoming.headers)) {
    return refuse(
      incoming,
      outgoing,
      403,
      "PERMISSION_DENIED",
      "Programs of this machine are answered, not web pages.",
    );
  }
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  for (;;) {
    const leased = await lease(gone.signal);
    if (outgoing.closed) return leased?.release();
    if (!leased) {
      return refuse(incoming, outgoing, 503, "UNAVAILABLE", "The model server is not running; its log says why.");
    }
    const outcome = await send(incoming, outgoing, leased);
    leased.release();
    if (outcome === "sent") return;
  }
}

/** Resolves when the answer has ended, or when there was nobody to send the request to. */
function send(incoming: IncomingMessage, outgoing: ServerResponse, leased: Lease): Promise<"sent" | "unreachable"> {
  return new Promise((resolve) => {
    const { port, agent, specHash } = leased;
    const { method, url } = incoming;
    const headers = forwarded(incoming);
    const onward = sendRequest({ host: "127.0.0.1", port, method, path: url, headers, agent }, (answer) => {
      const own = { [deployedModelHeader]: specHash.slice(0, 10) };
      outgoing.writeHead(answer.statusCode ?? 502, { ...forwarded(answer), ...own });
      // an answer that breaks off is broken off for the client too
      pipeline(answer, outgoing, () => {});
    });
    let isConnected = false;
    const begin = () => {
      isConnected = true;
      incoming.pipe(onward);
    };
    onward.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", begin);
      else begin();
    });
    onward.on("error", () => {
      if (outgoing.destroyed) return; // the client has gone
      leased.lost();
      if (!isConnected) return resolve("unreachable");
      if (outgoing.headersSent) return;
      incoming.unpipe(onward);
      refuse(incoming, outgoing, 503, "UNAVAILABLE", "The model server ended while it answered; its log says why.");
    });
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) onward.destroy();
      resolve("sent");
    });
  });
}

function forwarded({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name)));
}

function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  code: number,
  status: string,
  message: string,
): void {
  incoming.resume();
  outgoing.writeHead(code, { "content-type": "application/json" });
  outgoing.end(JSON.stringify({ error: { code, message, status } }));
}
