import { Agent, type IncomingMessage, request as sendRequest } from "node:http";
import { text } from "node:stream/consumers";

import { DeploymentError } from "../core/errors.js";

/** What is sent to a server of this machine. */
export interface LoopbackRequest {
  /** TCP port on 127.0.0.1. */
  port: number;
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  /** JSON text. */
  body?: string;
  /** How long the server may be silent. Milliseconds. Default: for ever. */
  silenceMs?: number;
  signal?: AbortSignal | undefined;
}

/** Idle connections do not keep this process alive. */
const agent = new Agent({ keepAlive: true });

/**
 * Sends a request to a server of this machine. Not by `fetch`, which gives up a prediction after five minutes.
 *
 * @throws DeploymentError `CANCELLED`; `TEMPORARILY_UNAVAILABLE` when the server cannot be reached, or breaks off.
 */
export async function ask(request: LoopbackRequest): Promise<IncomingMessage> {
  try {
    return await sendOnce(request);
  } catch (error) {
    // the server has closed an idle connection at the very moment that it was used again: it has seen nothing of the request
    if (error instanceof StaleConnectionError) return sendOnce(request);
    throw error;
  }
}

/** {@link ask}, with the whole answer. */
export async function askForText(request: LoopbackRequest): Promise<{ answer: IncomingMessage; body: string }> {
  const answer = await ask(request);
  try {
    return { answer, body: await text(answer) };
  } catch (error) {
    throw unreachable(request, error);
  }
}

class StaleConnectionError extends Error {}

function sendOnce(request: LoopbackRequest): Promise<IncomingMessage> {
  const { port, method, path, body, signal } = request;
  const headers = {
    ...request.headers,
    ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const sent = sendRequest({ host: "127.0.0.1", port, method, path, headers, agent, signal }, resolve);
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const stale = sent.reusedSocket && error.code === "ECONNRESET" && !signal?.aborted;
      reject(stale ? new StaleConnectionError() : unreachable(request, error));
    });
    if (request.silenceMs !== undefined) {
      sent.setTimeout(request.silenceMs, () => sent.destroy(new Error(`no answer within ${request.silenceMs} ms`)));
    }
    sent.end(body);
  });
}

function unreachable({ port, signal }: LoopbackRequest, error: unknown): DeploymentError {
  if (signal?.aborted) return new DeploymentError("CANCELLED", "The request was cancelled.", { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new DeploymentError("TEMPORARILY_UNAVAILABLE", `127.0.0.1:${port} does not answer: ${reason}.`, {
    cause: error,
  });
}
