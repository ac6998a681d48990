import type { Readable } from "node:stream";

import type { AxiosResponse } from "axios";

import type { Clock } from "../core/clock.js";
import { type DeploymentError, throwIfCancelled } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { TrackingConnection } from "./connection.js";
import { answerFailure, connectionFailure, jsonObject, pageInPlace } from "./http-failure.js";

/** Milliseconds that a connection may be silent. */
const silenceTimeout = 60_000;
/** Milliseconds for a request with all its retries; for a download, until its first byte. */
const totalTimeout = 120_000;
const usualAttempts = 5;
/** Bytes of an answer that is held in memory. */
const largestText = 64 * 1024 * 1024;

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
    throw pageInPlace(request.what, new URL(request.url).origin);
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
    const server = new URL(request.url).origin;
    // a slow answer that never pauses must end too, but a download may take its time
    const limits = wanted.type === "text" ? [AbortSignal.timeout(totalTimeout)] : [];
    const settings = await this.connection.settingsFor(request.url);
    const { default: axios } = await import("axios");
    try {
      const answer = await axios.request<T>({
        url: request.url,
        method: request.body === undefined ? "get" : "post",
        params: request.query,
        data: request.body,
        ...settings,
        responseType: wanted.type,
        transformResponse: (body: unknown) => body,
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
      };
      return { failure: answerFailure(failed, request.what, server), retryAfter: answer.headers["retry-after"] };
    } catch (error) {
      const code = limits[0]?.aborted ? "ETIMEDOUT" : errorCode(error);
      return { failure: connectionFailure(error, code, request.what, server), retryAfter: undefined };
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
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length > 65_536) break;
  }
  return text;
}

function headerText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "no answer";
}
