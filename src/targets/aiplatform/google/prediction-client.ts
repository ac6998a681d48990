import type { AxiosInstance } from "axios";

import { type Clock, systemClock } from "../../../core/clock.js";
import { DeploymentError, throwIfCancelled } from "../../../core/errors.js";
import { GoogleCaller } from "./call.js";
import type { GoogleConnection } from "./connection.js";
import { googleError } from "./errors.js";
import { type GoogleService, type RequestFailure, requestFailure } from "./failure.js";
import { withRetry } from "./retry.js";

/** How long predictions may take. */
export interface PredictionTimes {
  /** Seconds of one request. Default: `MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT`, or 120. */
  requestTimeoutSeconds?: number | undefined;
  /** Seconds of one call with its repetitions. Default: `MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT`, or 600. */
  totalTimeoutSeconds?: number | undefined;
}

/** The API that predicts, and how. */
interface PredictionClientOptions extends PredictionTimes {
  connection: GoogleConnection;
  service: GoogleService;
  clock?: Clock | undefined;
  /** What the platform itself does with a slow prediction, for the message of a timeout. Ends without a full stop. */
  slowPredictions: string;
  /** The error of a refusal in the model's own words; null where the failure holds none. */
  modelError(failure: RequestFailure, doing: string): DeploymentError | null;
}

/** Sends prediction requests: with MLflow's timeouts, again by its rules, over connections that stay open. */
export class PredictionClient {
  readonly #options: PredictionClientOptions;
  readonly #clock: Clock;
  readonly #caller: GoogleCaller;
  #http: Promise<AxiosInstance> | undefined;

  constructor(options: PredictionClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, options.service, this.#clock);
  }

  /**
   * Sends a request, and gives the answer's body.
   *
   * @param body - JSON text.
   * @throws DeploymentError what `modelError` makes of a refusal; `DEADLINE_EXCEEDED`; Google's own.
   */
  async post(url: string, body: string, doing: string, signal: AbortSignal | undefined): Promise<unknown> {
    const deadline = this.#clock.now() + this.#totalTimeoutSeconds() * 1000;
    throwIfCancelled(signal, doing);
    try {
      const { data } = await withRetry(() => this.#send(url, body, deadline, signal), {
        repeatable: "prediction",
        clock: this.#clock,
        signal,
        deadline,
      });
      return data;
    } catch (error) {
      const failure = requestFailure(error);
      if (failure.networkCode === "ETIMEDOUT" && !signal?.aborted) throw this.#timedOut(doing);
      const refusal = this.#options.modelError(failure, doing);
      if (refusal) throw refusal;
      throw googleError(error, await this.#caller.failed(doing, failure.httpStatus === 403, signal));
    }
  }

  async #send(
    url: string,
    body: string,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<{ data: unknown }> {
    const { connection } = this.#options;
    const headers = { "content-type": "application/json", ...(await connection.authorizationHeaders(url)) };
    const timeout = Math.max(1, Math.min(this.#requestTimeoutSeconds() * 1000, deadline - this.#clock.now()));
    return (await this.#client()).post<unknown>(url, body, { headers, timeout, ...(signal && { signal }) });
  }

  #client(): Promise<AxiosInstance> {
    const { connection } = this.#options;
    this.#http ??= import("axios").then(({ default: axios }) =>
      axios.create({
        httpAgent: connection.agents.http,
        httpsAgent: connection.agents.https,
        maxRedirects: 0,
        transitional: { clarifyTimeoutError: true },
        ...(connection.emulator !== null && { proxy: false }),
      }),
    );
    return this.#http;
  }

  #timedOut(doing: string): DeploymentError {
    return new DeploymentError(
      "DEADLINE_EXCEEDED",
      `${doing} had no answer in time: ${this.#requestTimeoutSeconds()} s for one request (MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT), ${this.#totalTimeoutSeconds()} s with repetitions (MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT). Send fewer rows, or set a longer time; ${this.#options.slowPredictions}.`,
      { retryable: true },
    );
  }

  #requestTimeoutSeconds(): number {
    return this.#options.requestTimeoutSeconds ?? secondsOf("MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT", 120);
  }

  #totalTimeoutSeconds(): number {
    return this.#options.totalTimeoutSeconds ?? secondsOf("MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT", 600);
  }
}

/** A setting of MLflow's own, in seconds. */
function secondsOf(variable: string, otherwise: number): number {
  const text = process.env[variable]?.trim();
  if (!text) return otherwise;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The environment variable ${variable} must be a number of seconds greater than 0.`,
  );
}
