import type { Readable } from "node:stream";

import { DeploymentError, plainCause } from "../../../core/errors.js";
import type { GoogleConnection } from "../google/connection.js";
import { answered, parsed, type PredictionMessage, PredictionTransport } from "../google/prediction-transport.js";
import { directError, refusedByContainer } from "./container-error.js";
import type { PredictionRoute } from "./prediction-route.js";

/** One request of a prediction. */
export interface PredictionSend {
  route: PredictionRoute;
  /** JSON text. */
  body: string;
  /** Milliseconds until the answer, or the first byte of a stream. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** For messages. */
  doing: string;
}

/** An answer that is no error. */
export interface PredictionAnswer {
  /** What its JSON says, or its text. */
  body: unknown;
  /** Which deployed model has answered, where a header says it. */
  deployedModelId: string | null;
}

/** By this header Vertex AI says that what follows is the container's own answer (`rawPredict`, `streamRawPredict`). */
const containersAnswer = "x-vertex-ai-deployed-model-id";
/** How much of an answer that is an error is read, in bytes. */
const readOfError = 64 * 1024;

/** Sends predictions, and rejects with what the network says, or with the container's own refusal. */
export class PredictionHttp {
  readonly #transport: PredictionTransport;

  constructor(connection: GoogleConnection) {
    this.#transport = new PredictionTransport(connection);
  }

  /** Sends one request, and gives the answer. */
  async post({ route, body, timeoutMs, signal, doing }: PredictionSend): Promise<PredictionAnswer> {
    const { status, headers, text } = await this.#transport.post(message(route, { body, timeoutMs, signal }));
    const data = parsed(text, route.isContainers);
    const id = headers[containersAnswer];
    if (status >= 200 && status < 300) return { body: data, deployedModelId: typeof id === "string" ? id : null };
    const mayBeContainers = route.isContainers && [400, 500].includes(status);
    const refusal =
      mayBeContainers && (route.type === "private" || containersAnswer in headers) ? directError(status, data) : null;
    throw refusal ? refusedByContainer(refusal, doing) : answered(status, data, headers);
  }

  /** Sends one request, and gives the bytes of the answer as they come; the first of them are there. */
  async open(send: PredictionSend): Promise<AsyncIterable<Uint8Array>> {
    const { route, body, timeoutMs, signal, doing } = send;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    const stop = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    let stream: Readable | undefined;
    try {
      const answer = await this.#transport.open(message(route, { body, timeoutMs, signal: stop }));
      const { status, headers } = answer;
      stream = answer.body;
      stream.on("error", () => {}); // who reads is told
      if (status !== 200) throw await refusal(status, headers, stream, doing);
      checkIsEventStream(headers["content-type"], doing);
      const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      return rest(await chunks.next(), chunks, stream, signal, doing);
    } catch (error) {
      stream?.destroy();
      if (late.signal.aborted && !signal?.aborted) throw Object.assign(new Error("timeout"), { code: "ETIMEDOUT" });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function message(
  { url, type, withCredentials }: PredictionRoute,
  sent: Pick<PredictionMessage, "body" | "timeoutMs" | "signal">,
): PredictionMessage {
  return { url, withCredentials, direct: type === "private", ...sent };
}

/** The bytes of a stream that has begun. Who stops early breaks the connection. */
async function* rest(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
  stream: Readable,
  signal: AbortSignal | undefined,
  doing: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let next = first; !next.done; next = await chunks.next()) yield next.value;
  } catch (error) {
    if (signal?.aborted) throw new DeploymentError("CANCELLED", `${doing} was cancelled.`);
    // the library's own error holds the request, its Authorization header included
    const { message, code } = error as NodeJS.ErrnoException;
    throw plainCause(error, message, { code });
  } finally {
    stream.destroy();
  }
}

async function refusal(
  status: number,
  headers: Record<string, unknown>,
  stream: Readable,
  doing: string,
): Promise<Error> {
  const body = await readSome(stream);
  const error = containersAnswer in headers ? directError(status, body) : null;
  return error ? refusedByContainer(error, doing) : answered(status, body, headers);
}

async function readSome(stream: Readable): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size >= readOfError) break;
  }
  return parsed(Buffer.concat(parts).toString());
}

function checkIsEventStream(contentType: unknown, doing: string): void {
  if (typeof contentType === "string" && /^text\/event-stream\b/i.test(contentType)) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `${doing} was not answered with Server-Sent Events: its container does not stream. Use predict.`,
  );
}
