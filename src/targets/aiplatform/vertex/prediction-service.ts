import type { AxiosInstance } from "axios";

import { type Clock, systemClock } from "../../../core/clock.js";
import type { Predictions } from "../../../core/deployment.js";
import { DeploymentError, throwIfCancelled } from "../../../core/errors.js";
import type { Explanations } from "../../../core/explanations.js";
import type { PredictionService, PredictRequest } from "../../../core/services.js";
import { GoogleCaller } from "../google/call.js";
import { googleError } from "../google/errors.js";
import { requestFailure } from "../google/failure.js";
import { withRetry } from "../google/retry.js";
import { predictionBody } from "./prediction-body.js";
import type { VertexOptions } from "./vertex-api.js";

/** How long predictions may take. */
export interface PredictionOptions extends VertexOptions {
  /** Seconds of one request. Default: `MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT`, or 120. */
  requestTimeoutSeconds?: number | undefined;
  /** Seconds of one call with its repetitions. Default: `MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT`, or 600. */
  totalTimeoutSeconds?: number | undefined;
}

/** What `endpoints.predict` answers (`PredictResponse`). */
interface PredictResponse {
  predictions?: unknown[];
  deployedModelId?: string;
  model?: string;
  modelVersionId?: string;
  modelDisplayName?: string;
  metadata?: Record<string, unknown>;
}

/** Predictions through the host that all endpoints of a location share, or the endpoint's own. */
export class VertexPredictionService implements PredictionService {
  readonly #options: PredictionOptions;
  readonly #clock: Clock;
  readonly #caller: GoogleCaller;
  #http: Promise<AxiosInstance> | undefined;

  constructor(options: PredictionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, "aiplatform", this.#clock);
  }

  /**
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a value that JSON cannot hold and for a request over the
   * endpoint's limit; `FAILED_PRECONDITION` with the model's own words when it refused the rows; `DEADLINE_EXCEEDED`.
   */
  async predict(request: PredictRequest, { signal }: { signal?: AbortSignal | undefined }): Promise<Predictions> {
    const { endpoint } = request;
    const doing = `The prediction on the endpoint ${endpoint.name}`;
    const body = predictionBody(request, endpoint.dedicatedHost === null ? "shared" : "dedicated");
    const deadline = this.#clock.now() + this.#totalTimeoutSeconds() * 1000;
    throwIfCancelled(signal, doing);
    try {
      const { data } = await withRetry(() => this.#send(request, body, deadline, signal), {
        repeatable: "prediction",
        clock: this.#clock,
        signal,
        deadline,
      });
      return toPredictions(data, doing);
    } catch (error) {
      const failure = requestFailure(error);
      if (failure.networkCode === "ETIMEDOUT" && !signal?.aborted) throw this.#timedOut(doing);
      const answer = containerError(failure.message);
      if (answer) throw refusedByContainer(answer, doing);
      throw googleError(error, await this.#caller.failed(doing, failure.httpStatus === 403, signal));
    }
  }

  stream(_request: PredictRequest): AsyncIterable<unknown> {
    throw new DeploymentError("NOT_IMPLEMENTED", "stream is being written.");
  }

  async explain(_request: PredictRequest): Promise<Explanations> {
    throw new DeploymentError("NOT_IMPLEMENTED", "explain is being written.");
  }

  async #send(
    request: PredictRequest,
    body: string,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<{ data: unknown }> {
    const { connection, location } = this.#options;
    const { name, dedicatedHost } = request.endpoint;
    const host = dedicatedHost === null ? connection.aiplatformUrl(location) : connection.dedicatedUrl(dedicatedHost);
    const url = `${host}/v1/${name}:predict`;
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
      `${doing} had no answer in time: ${this.#requestTimeoutSeconds()} s for one request (MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT), ${this.#totalTimeoutSeconds()} s with repetitions (MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT). Send fewer rows, or set a longer time; a shared endpoint itself stops at 60 s, a dedicated one does not.`,
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

/** What a serving container answered, where Vertex AI passes its answer on in the message of its own error. */
interface ContainerError {
  code: unknown;
  message: string;
}

/** The error in `Prediction failed: {"error": {"code": 400, "message": "…"}}`; null in any other message. */
function containerError(message: string): ContainerError | null {
  const start = message.indexOf("{");
  if (start === -1) return null;
  try {
    const { error } = JSON.parse(message.slice(start)) as { error?: { code?: unknown; message?: unknown } };
    return typeof error?.message === "string" ? { code: error.code, message: error.message } : null;
  } catch {
    return null;
  }
}

function refusedByContainer({ code, message }: ContainerError, doing: string): DeploymentError {
  const isInput = code === 400;
  return new DeploymentError(
    isInput ? "INVALID_PARAMETER_VALUE" : "FAILED_PRECONDITION",
    `${doing} failed: ${message}${/[.!?]$/.test(message) ? "" : "."}${isInput ? "" : " The container's log says more."}`,
  );
}

function toPredictions(answer: unknown, doing: string): Predictions {
  const response = (typeof answer === "object" && answer !== null ? answer : {}) as PredictResponse;
  if (!Array.isArray(response.predictions)) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `${doing} was answered without a list of predictions. A serving container answers {"predictions": [...]}.`,
    );
  }
  return {
    predictions: response.predictions,
    deployedModelId: response.deployedModelId ?? null,
    model: response.model ?? null,
    modelVersionId: response.modelVersionId ?? null,
    modelDisplayName: response.modelDisplayName ?? null,
    metadata: response.metadata ?? null,
  };
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
