import type { Readable } from "node:stream";

import type { AxiosResponse } from "axios";

import { unlessAborted } from "../core/abort.js";
import type { Clock } from "../core/clock.js";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { RequestSettings, TrackingConnection } from "./connection.js";
import {
  answerFailure,
  type AskedServer,
  connectionFailure,
  jsonObject,
  pageInPlace,
  tooLarge,
} from "./http-failure.js";

/** Milliseconds that a connection may be silent. */
const silenceTimeout = 60_000;
/** Milliseconds for a request with all its retries; for a download, until its first byte. */
const totalTimeout = 120_000;
const usualAttempts = 5;
/** Bytes of an answer that is held in memory. */
const largestText = 64 * 1024 * 1024;
/** Of an error's answer, where a file was asked for: bytes, and milliseconds until they have come. */
const longestError = { bytes: 65_536, wait: 10_000 };

/** A request that changes nothing, so that it may be sent again. */
export interface ReadRequest {
  url: string;
  /** What is asked for, for messages: `the run "abc"`. */
  what: string;
  query?: Record<string, string>;
  /** Sent as JSON with POST: MLflow's searches. Without it the request is a GET. */
  body?: unknown;
}

type Cancellable = Pick<StepContext, "signal">;
type Outcome<T> = { answer: AxiosResponse<T> } | { failure: DeploymentError; retryAfter: unknown };
/** How a body is read, and which answers are not failures. */
type Wanted<T> = { type: "text" | "stream"; accepts: (answer: AxiosResponse<T>) => boolean };

const json: Wanted<string> = {
  type: "text",
  accepts: (answer) => answer.status === 200 && jsonObject(answer.data) !== null,
};
const jsonOrNoRoute: Wanted<string> = {
  type: "text",
  accepts: (answer) => json.accepts(answer) || (answer.status === 404 && jsonObject(answer.data) === null),
};
const text: Wanted<string> = { type: "text", accepts: (answer) => answer.status === 200 };
const bytes: Wanted<Readable> = { type: "stream", accepts: (answer) => answer.status === 200 };

/** Reads over HTTP, again after a passing failure. Redirects are not followed: they would carry credentials away. */
export class MlflowHttp {
  readonly connection: TrackingConnection;
  readonly #clock: Clock;
  readonly #attempts: number;

  /** @param attempts - Requests in all for one that fails. Default 5. */
  constructor(connection: TrackingConnection, clock: Clock, attempts = usualAttempts) {
    this.connection = connection;
    this.#clock = clock;
    this.#attempts = attempts;
  }

  /**
   * The JSON object of an answer.
   *
   * @throws DeploymentError With MLflow's own code and message, or what is wrong with the connection.
   */
  async json(request: ReadRequest, context: Cancellable): Promise<Record<string, unknown>> {
    const answer = await this.#send(request, json, context);
    return jsonObject(answer.data) ?? {};
  }

  /** As {@link json}, but null when the server has no such route: its MLflow is older. */
  async jsonOfNewerRoute(request: ReadRequest, context: Cancellable): Promise<Record<string, unknown> | null> {
    const answer = await this.#send(request, jsonOrNoRoute, context);
    return jsonObject(answer.data);
  }

  /** The text of an answer, whatever it is. */
  async text(request: ReadRequest, context: Cancellable): Promise<string> {
    const answer = await this.#send(request, text, context);
    return answer.data;
  }

  /**
   * The bytes of an answer, as they come.
   *
   * @throws DeploymentError `UNAUTHENTICATED` for a page of HTML, where the URL names none: that is how a proxy asks to sign in.
   */
  async stream(request: ReadRequest, context: Cancellable): Promise<Readable> {
    const answer = await this.#send(request, bytes, context);
    const isPage = /^(text\/html|application\/xhtml)/i.test(headerText(answer.headers["content-type"]) ?? "");
    if (!isPage || /\.(\w*html?|xht|s1h|stml)$/i.test(new URL(request.url).pathname)) return answer.data;
    answer.data.destroy();
    throw pageInPlace(request.what, this.#server(request));
  }

  async #send<T>(request: ReadRequest, wanted: Wanted<T>, context: Cancellable): Promise<AxiosResponse<T>> {
    const deadline = this.#clock.now() + totalTimeout;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(request, wanted, context);
      throwIfCancelled(context.signal, `Reading ${request.what}`);
      if ("answer" in outcome) return outcome.answer;
      const wait = retryDelay(attempt, outcome.retryAfter);
      const late = this.#clock.now() + wait > deadline;
      if (!outcome.failure.retryable || attempt === this.#attempts || late) throw outcome.failure;
      await this.#clock.sleep(wait, context.signal);
    }
  }

  async #attempt<T>(request: ReadRequest, wanted: Wanted<T>, context: Cancellable): Promise<Outcome<T>> {
    const server = this.#server(request);
    // a slow answer that never pauses must end too, but a download may take its time
    const limits = wanted.type === "text" ? [AbortSignal.timeout(totalTimeout)] : [];
    const settings = await this.#settings(request, context);
    const { default: axios } = await import("axios");
    try {
      const answer = await axios.request<T>({
        url: request.url,
        method: request.body === undefined ? "get" : "post",
        params: request.query,
        data: request.body,
        ...settings,
        responseType: wanted.type === "text" ? "arraybuffer" : "stream",
        transformResponse: (body: unknown) => (body instanceof Buffer ? decoded(body) : body),
        timeout: silenceTimeout,
        maxContentLength: wanted.type === "text" ? largestText : -1,
        maxRedirects: 0,
        validateStatus: () => true,
        signal: AbortSignal.any([...limits, ...(context.signal ? [context.signal] : [])]),
      });
      if (wanted.accepts(answer)) return { answer };
      const failed = {
        status: answer.status,
        location: headerText(answer.headers["location"]),
        body: typeof answer.data === "string" ? answer.data : await beginning(answer.data as Readable),
        signed: "Authorization" in settings.headers,
        signInAdvice: this.connection.signInAdvice(request.url),
      };
      return { failure: answerFailure(failed, request.what, server), retryAfter: answer.headers["retry-after"] };
    } catch (error) {
      const code = limits[0]?.aborted ? "ETIMEDOUT" : errorCode(error);
      return { failure: failureOf(error, code, request.what, server), retryAfter: undefined };
    }
  }

  #server({ url }: ReadRequest): AskedServer {
    return { origin: new URL(url).origin, setting: this.connection.setting };
  }

  /** A function that is asked for a token may take long, too. */
  async #settings(request: ReadRequest, { signal }: Cancellable): Promise<RequestSettings> {
    const what = `Signing in to read ${request.what}`;
    const limit = AbortSignal.timeout(totalTimeout);
    try {
      return await unlessAborted(
        this.connection.settingsFor(request.url),
        signal ? AbortSignal.any([signal, limit]) : limit,
      );
    } catch (error) {
      throwIfCancelled(signal, what);
      throw DeploymentError.from(error, what);
    }
  }
}

/** Milliseconds until the next attempt: what the server asks for, else 0.5, 1, 2, 4 seconds and a little chance. */
function retryDelay(attempt: number, retryAfter: unknown): number {
  const asked = Number(headerText(retryAfter));
  if (asked > 0) return asked * 1000;
  return 500 * 2 ** (attempt - 1) * (1 + Math.random() / 4);
}

/** The first part of a body that is an error message, not a file. */
async function beginning(stream: Readable): Promise<string> {
  const timer = setTimeout(() => stream.destroy(), longestError.wait);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > longestError.bytes) break;
    }
  } catch {
    // what has come is enough, since the status says that it is an error
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An answer's text; what is not UTF-8 is none of MLflow's, and left as what no JSON is. */
function decoded(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return "";
  }
}

function failureOf(error: unknown, code: string, what: string, server: AskedServer): DeploymentError {
  const isTooLarge = error instanceof Error && error.message.startsWith("maxContentLength");
  return isTooLarge ? tooLarge(what, server, largestText) : connectionFailure(error, code, what, server);
}

function headerText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "no answer";
}
