import { type Clock, systemClock } from "../../../core/clock.js";
import { DeploymentError, throwIfCancelled } from "../../../core/errors.js";
import { GoogleCaller } from "./call.js";
import type { GoogleConnection } from "./connection.js";
import { googleError } from "./errors.js";
import { type GoogleService, type RequestFailure, requestFailure } from "./failure.js";
import { withRetry } from "./retry.js";
import { secondsOf } from "./seconds.js";

/** How long predictions may take. */
export interface PredictionTimes {
  /** Seconds of one request; of a stream, until its first byte. Default: `MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT`, or 120. */
  requestTimeoutSeconds?: number | undefined;
  /** Seconds of one call with its repetitions. Default: `MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT`, or 600. */
  totalTimeoutSeconds?: number | undefined;
}

/** The API that predicts, and what it says of itself. */
interface PredictionCallsOptions extends PredictionTimes {
  connection: GoogleConnection;
  service: GoogleService;
  clock?: Clock | undefined;
  /** What the platform does with a slow prediction: the end of a sentence in the message of a timeout. */
  slowPredictions: string;
  /** The error of a refusal in the model's own words; null where the failure holds none. */
  modelError(failure: RequestFailure, doing: string): DeploymentError | null;
}

/** How long what the environment says is taken for what it still says. */
const environmentKnownForMs = 1000;

/** Calls for predictions: with MLflow's timeouts, and again by its rules. */
export class PredictionCalls {
  readonly #options: PredictionCallsOptions;
  readonly #clock: Clock;
  readonly #caller: GoogleCaller;
  #times: { request: number; total: number; readAt: number } | undefined;

  constructor(options: PredictionCallsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, options.service, this.#clock);
  }

  /**
   * Sends a request, and again by the rules of retry.ts.
   *
   * @param send - Gets the milliseconds that it may take.
   * @throws DeploymentError what `send` throws of its own, or `modelError` makes of a refusal; `DEADLINE_EXCEEDED`;
   * Google's errors.
   */
  async run<T>(
    { doing, signal }: { doing: string; signal: AbortSignal | undefined },
    send: (timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const { request, total } = this.#seconds();
    const deadline = this.#clock.now() + total * 1000;
    const timeoutMs = () => Math.max(1, Math.min(request * 1000, deadline - this.#clock.now()));
    throwIfCancelled(signal, doing);
    try {
      return await withRetry(() => send(timeoutMs()), {
        repeatable: "prediction",
        clock: this.#clock,
        signal,
        deadline,
      });
    } catch (error) {
      const failure = requestFailure(error);
      if (failure.networkCode === "ETIMEDOUT" && !signal?.aborted) throw this.#timedOut(doing, request, total);
      const refusal = DeploymentError.is(error) ? null : this.#options.modelError(failure, doing);
      if (refusal) throw refusal;
      throw googleError(error, await this.#caller.failed(doing, failure.httpStatus === 403, signal));
    }
  }

  #timedOut(doing: string, request: number, total: number): DeploymentError {
    return new DeploymentError(
      "DEADLINE_EXCEEDED",
      `${doing} had no answer in time: ${request} s for one request (MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT), ${total} s with repetitions (MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT). Send fewer rows, or set a longer time; ${this.#options.slowPredictions}.`,
      { retryable: true },
    );
  }

  /** To read a variable of the environment takes longer than much of a prediction's own work. */
  #seconds(): { request: number; total: number } {
    const now = this.#clock.now();
    if (!this.#times || Math.abs(now - this.#times.readAt) > environmentKnownForMs) {
      const { requestTimeoutSeconds: request, totalTimeoutSeconds: total } = this.#options;
      this.#times = {
        request: request ?? secondsOf("MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT", 120),
        total: total ?? secondsOf("MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT", 600),
        readAt: now,
      };
    }
    return this.#times;
  }
}
