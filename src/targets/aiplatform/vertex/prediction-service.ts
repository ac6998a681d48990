import type { Predictions } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { Explanations } from "../../../core/explanations.js";
import type { PredictionService, PredictRequest } from "../../../core/services.js";
import type { RequestFailure } from "../google/failure.js";
import { predictionBody } from "../google/prediction-body.js";
import { PredictionClient, type PredictionTimes } from "../google/prediction-client.js";
import { requestLimits } from "./request-limits.js";
import type { VertexOptions } from "./vertex-api.js";

/** How long predictions may take. */
export interface PredictionOptions extends VertexOptions, PredictionTimes {}

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
  readonly #client: PredictionClient;

  constructor(options: PredictionOptions) {
    this.#options = options;
    this.#client = new PredictionClient({
      ...options,
      service: "aiplatform",
      slowPredictions: "a shared endpoint itself stops at 60 s, a dedicated one does not",
      modelError,
    });
  }

  /**
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a value that JSON cannot hold and for a request over the
   * endpoint's limit; `FAILED_PRECONDITION` with the model's own words when it refused the rows; `DEADLINE_EXCEEDED`.
   */
  async predict(request: PredictRequest, { signal }: { signal?: AbortSignal | undefined }): Promise<Predictions> {
    const { instances, parameters } = request;
    const { name, dedicatedHost } = request.endpoint;
    const doing = `The prediction on the endpoint ${name}`;
    const body = predictionBody(
      { instances, parameters },
      requestLimits[dedicatedHost === null ? "shared" : "dedicated"],
    );
    const url = `${this.#host(dedicatedHost)}/v1/${name}:predict`;
    return toPredictions(await this.#client.post(url, body, doing, signal), doing);
  }

  stream(_request: PredictRequest): AsyncIterable<unknown> {
    throw new DeploymentError("NOT_IMPLEMENTED", "stream is being written.");
  }

  async explain(_request: PredictRequest): Promise<Explanations> {
    throw new DeploymentError("NOT_IMPLEMENTED", "explain is being written.");
  }

  #host(dedicatedHost: string | null): string {
    const { connection, location } = this.#options;
    return dedicatedHost === null ? connection.aiplatformUrl(location) : connection.dedicatedUrl(dedicatedHost);
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

function modelError(failure: RequestFailure, doing: string): DeploymentError | null {
  const answer = containerError(failure.message);
  return answer && refusedByContainer(answer, doing);
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
