import type { Readable } from "node:stream";

import type { AxiosInstance } from "axios";

import { DeploymentError, plainCause } from "../../../core/errors.js";
import { parseExactJson } from "../../../core/exact-json.js";
import type { GoogleConnection } from "../google/connection.js";
import { httpClient } from "../google/http-client.js";
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

/** Sends predictions, and rejects with what axios or the network says, or with the container's own refusal. */
export class PredictionHttp {
  readonly #connection: GoogleConnection;
  #axios: Promise<AxiosInstance> | undefined;

  constructor(connection: GoogleConnection) {
    this.#connection = connection;
  }

  /** Sends one request, and gives the answer. */
  async post({ route, body, timeoutMs, signal, doing }: PredictionSend): Promise<PredictionAnswer> {
    const options = { ...(await this.#options(route)), timeout: timeoutMs, ...(signal && { signal }) };
    const http = await this.#client();
    const { isContainers } = route;
    const accepted = (status: number) =>
      (status >= 200 && status < 300) || (isContainers && [400, 500].includes(status));
    const response = await http.post<unknown>(route.url, body, {
      ...options,
      validateStatus: accepted,
      ...(isContainers && { responseType: "text" as const, transformResponse: [parsedExactly] }),
    });
    const { status, data } = response;
    const headers = response.headers as Record<string, unknown>;
    const id = headers[containersAnswer];
    if (status < 300) return { body: data, deployedModelId: typeof id === "string" ? id : null };
    const refusal = route.type === "private" || containersAnswer in headers ? directError(status, data) : null;
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
      const options = { ...(await this.#options(route)), responseType: "stream" as const, signal: stop };
      const http = await this.#client();
      const response = await http.post<Readable>(route.url, body, { ...options, validateStatus: () => true });
      stream = response.data;
      const headers = response.headers as Record<string, unknown>;
      if (response.status !== 200) throw await refusal(response.status, headers, stream, doing);
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

  async #options({ url, type, withCredentials }: PredictionRoute) {
    const credentials = withCredentials ? await this.#connection.authorizationHeaders(url) : {};
    return {
      headers: { "content-type": "application/json", ...credentials },
      ...((this.#connection.emulator !== null || type === "private") && { proxy: false as const }),
    };
  }

  #client(): Promise<AxiosInstance> {
    this.#axios ??= httpClient(this.#connection);
    return this.#axios;
  }
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

/** With all digits; what is no JSON stays text. */
function parsedExactly(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return text;
  }
}

async function readSome(stream: Readable): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size >= readOfError) break;
  }
  const text = Buffer.concat(parts).toString();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** An answer that is an error, as axios and gaxios throw one: see `requestFailure`. */
function answered(status: number, data: unknown, headers: Record<string, unknown>): Error {
  return Object.assign(new Error(`HTTP ${status}`), { response: { status, data, headers } });
}

function checkIsEventStream(contentType: unknown, doing: string): void {
  if (typeof contentType === "string" && /^text\/event-stream\b/i.test(contentType)) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `${doing} was not answered with Server-Sent Events: its container does not stream. Use predict.`,
  );
}
