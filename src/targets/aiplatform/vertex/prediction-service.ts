import { type Clock, systemClock } from "../../../core/clock.js";
import type { Predictions } from "../../../core/deployment.js";
import { DeploymentError, throwIfCancelled } from "../../../core/errors.js";
import { readEventStream } from "../../../core/event-stream.js";
import type { Explanations } from "../../../core/explanations.js";
import type { PredictionService, PredictRequest } from "../../../core/services.js";
import { GoogleCaller } from "../google/call.js";
import { googleError } from "../google/errors.js";
import { requestFailure } from "../google/failure.js";
import { isAnyOf } from "../google/operations.js";
import { withRetry } from "../google/retry.js";
import { secondsOf } from "../google/seconds.js";
import { refusedByContainer, wrappedError } from "./container-error.js";
import { toExplanations, toPredictions } from "./prediction-answer.js";
import { predictionBody } from "./prediction-body.js";
import { PredictionHttp, type PredictionSend } from "./prediction-http.js";
import { type PredictionMethod, type PredictionRoute, predictionRoute } from "./prediction-route.js";
import type { VertexOptions } from "./vertex-api.js";

/** How long predictions may take. */
export interface PredictionOptions extends VertexOptions {
  /** Seconds of one request; of a stream, until its first byte. Default: `MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT`, or 120. */
  requestTimeoutSeconds?: number | undefined;
  /** Seconds of one call with its repetitions. Default: `MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT`, or 600. */
  totalTimeoutSeconds?: number | undefined;
}

type Caller = { signal?: AbortSignal | undefined };

/** Predictions through the host that all endpoints of a location share, the endpoint's own, or its network. */
export class VertexPredictionService implements PredictionService {
  readonly #options: PredictionOptions;
  readonly #clock: Clock;
  readonly #caller: GoogleCaller;
  readonly #http: PredictionHttp;

  constructor(options: PredictionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, "aiplatform", this.#clock);
    this.#http = new PredictionHttp(options.connection);
  }

  /**
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a value that JSON cannot hold and for a request over the
   * endpoint's limit; `FAILED_PRECONDITION` with the model's own words when it refused the rows; `DEADLINE_EXCEEDED`.
   */
  async predict(request: PredictRequest, { signal }: Caller): Promise<Predictions> {
    const doing = `The prediction on the endpoint ${request.endpoint.name}`;
    const route = this.#route(request, "predict");
    const body = predictionBody(request, route.type);
    const answer = await this.#send({ route, body, signal, doing }, (send) => this.#http.post(send));
    return toPredictions(answer, doing, route.model);
  }

  /**
   * @throws DeploymentError As {@link predict} until the first byte. Then `TEMPORARILY_UNAVAILABLE` when the connection
   * breaks, `CANCELLED`, or what the model says in an event `error`. There is no limit to the time of a whole stream.
   */
  async *stream(request: PredictRequest, { signal }: Caller): AsyncGenerator<unknown, void, undefined> {
    const { name } = request.endpoint;
    const doing = `The prediction stream of the endpoint ${name}`;
    const route = this.#route(request, "streamRawPredict");
    const body = predictionBody({ ...request, stream: true }, route.type);
    const bytes = await this.#send({ route, body, signal, doing }, (send) => this.#http.open(send));
    yield* readEventStream(bytes, `The endpoint ${name}`);
  }

  /** @throws DeploymentError As {@link predict}; `FAILED_PRECONDITION` for a model that explains nothing. */
  async explain(request: PredictRequest, { signal }: Caller): Promise<Explanations> {
    const doing = `The explanation on the endpoint ${request.endpoint.name}`;
    const route = this.#route(request, "explain");
    const body = predictionBody(request, route.type);
    try {
      const answer = await this.#send({ route, body, signal, doing }, (send) => this.#http.post(send));
      return toExplanations(answer, doing);
    } catch (error) {
      throw withExplanationHint(error);
    }
  }

  #route({ endpoint }: PredictRequest, method: PredictionMethod): PredictionRoute {
    return predictionRoute(endpoint, method, this.#options.connection, this.#options.location);
  }

  /** Sends a request, and again by the rules of retry.ts. */
  async #send<T>(
    request: Omit<PredictionSend, "timeoutMs">,
    send: (request: PredictionSend) => Promise<T>,
  ): Promise<T> {
    const { doing, signal } = request;
    const deadline = this.#clock.now() + this.#totalTimeoutSeconds() * 1000;
    const timeoutMs = () => Math.max(1, Math.min(this.#requestTimeoutSeconds() * 1000, deadline - this.#clock.now()));
    throwIfCancelled(signal, doing);
    try {
      return await withRetry(() => send({ ...request, timeoutMs: timeoutMs() }), {
        repeatable: "prediction",
        clock: this.#clock,
        signal,
        deadline,
      });
    } catch (error) {
      const failure = requestFailure(error);
      if (failure.networkCode === "ETIMEDOUT" && !signal?.aborted) throw this.#timedOut(doing);
      const answer = DeploymentError.is(error) ? null : wrappedError(failure.message);
      if (answer) throw refusedByContainer(answer, doing);
      throw googleError(error, await this.#caller.failed(doing, failure.httpStatus === 403, signal));
    }
  }

  #timedOut(doing: string): DeploymentError {
    return new DeploymentError(
      "DEADLINE_EXCEEDED",
      `${doing} had no answer in time: ${this.#requestTimeoutSeconds()} s for one request (MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT), ${this.#totalTimeoutSeconds()} s with repetitions (MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT). Send fewer rows, or set a longer time; a shared or private endpoint itself stops at 60 s, a dedicated one does not.`,
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

/** Vertex AI has no code for a model without an explanation spec, but says the word. */
function withExplanationHint(error: unknown): unknown {
  const isThat =
    isAnyOf(error, "FAILED_PRECONDITION", "INVALID_PARAMETER_VALUE", "NOT_IMPLEMENTED") &&
    /\bexplain|explanation_?spec|does not (have|support) explanation/i.test(error.message.replace(/^[^:]*:/, ""));
  if (!isThat) return error;
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `${error.message} A model explains its predictions only if it is deployed with explanationParameters.`,
    { cause: error.cause },
  );
}
