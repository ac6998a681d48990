import type { Predictions } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { Explanations } from "../../../core/explanations.js";
import type { PredictionService, PredictRequest } from "../../../core/services.js";
import type { RequestFailure } from "../google/failure.js";
import { PredictionCalls, type PredictionTimes } from "../google/prediction-calls.js";
import { PredictionText } from "../google/prediction-text.js";
import { answered, parsed, PredictionTransport } from "../google/prediction-transport.js";
import type { RequestLimit } from "../google/request-limit.js";
import { sendSplit } from "../google/split-request.js";
import type { MlOptions } from "./ml-api.js";

/** "Quotas and limits" of AI Platform Prediction. */
const requestLimit: RequestLimit = {
  bytes: 1.5 * 1024 * 1024,
  surely: 1_500_000,
  taker: "The legacy platform takes",
  where: "",
  advice: "Send fewer rows in each request.",
};

/** Predictions by `projects.predict`, which the model's default version answers. */
export class LegacyPredictionService implements PredictionService {
  readonly #options: MlOptions;
  readonly #calls: PredictionCalls;
  readonly #transport: PredictionTransport;

  constructor(options: MlOptions & PredictionTimes) {
    this.#options = options;
    this.#transport = new PredictionTransport(options.connection);
    this.#calls = new PredictionCalls({
      ...options,
      service: "ml",
      slowPredictions: "the legacy platform itself stops at 60 s",
      modelError,
    });
  }

  /**
   * Parameters go beside `instances`, from where a custom prediction routine gets them as keywords
   * (`Predictor.predict(instances, **kwargs)`).
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a value that JSON cannot hold, for a parameter named
   * `instances`, and for a request over the limit; `FAILED_PRECONDITION` with the model's own words when it failed;
   * `DEADLINE_EXCEEDED`.
   */
  async predict(request: PredictRequest, { signal }: { signal?: AbortSignal | undefined }): Promise<Predictions> {
    const { endpoint, instances, parameters = {}, splittable = false } = request;
    const doing = `The prediction on the model ${endpoint.name}`;
    if ("instances" in parameters) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        "On the legacy platform no parameter can be named instances: parameters stand beside the instances.",
      );
    }
    const url = `${this.#options.connection.mlUrl()}/v1/${endpoint.name}:predict`;
    const text = new PredictionText(instances, parameters, { bigInt: "refused" });
    return sendSplit(text, { limit: requestLimit, splittable, signal }, async (body, signal) => {
      const answer = await this.#calls.run({ doing, signal }, (timeout) => this.#post(url, body, timeout, signal));
      return toPredictions(answer, doing);
    });
  }

  async #post(url: string, body: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    const { status, headers, text } = await this.#transport.post({
      url,
      body,
      withCredentials: true,
      direct: false,
      timeoutMs,
      signal,
    });
    const data = parsed(text);
    if (status >= 200 && status < 300) return data;
    throw answered(status, data, headers);
  }

  stream(_request: PredictRequest): AsyncIterable<unknown> {
    throw new DeploymentError("NOT_IMPLEMENTED", "The legacy platform streams no predictions. Use predict.");
  }

  explain(_request: PredictRequest): Promise<Explanations> {
    return Promise.reject(
      new DeploymentError(
        "NOT_IMPLEMENTED",
        "The legacy platform explains no predictions of custom prediction routines.",
      ),
    );
  }
}

/** A refusal that came with an HTTP status: `{"error": "Prediction failed: …"}`, where Google's own errors are objects. */
function modelError({ message, httpStatus, status }: RequestFailure, doing: string): DeploymentError | null {
  const isModels = httpStatus !== null && status === null && message.startsWith("Prediction failed");
  return isModels ? failedPrediction(message, doing) : null;
}

function failedPrediction(message: string, doing: string): DeploymentError {
  const text = message.replace(/^Prediction failed: /, "");
  return new DeploymentError("FAILED_PRECONDITION", `${doing} failed: ${text}${/[.!?]$/.test(text) ? "" : "."}`);
}

function toPredictions(answer: unknown, doing: string): Predictions {
  const { predictions, error, ...metadata } = (typeof answer === "object" && answer !== null ? answer : {}) as Record<
    string,
    unknown
  >;
  if (typeof error === "string") throw failedPrediction(error, doing);
  if (!Array.isArray(predictions)) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `${doing} was answered without a list of predictions. Predictor.predict must give a list.`,
    );
  }
  return {
    predictions,
    deployedModelId: null,
    model: null,
    modelVersionId: null,
    modelDisplayName: null,
    metadata: Object.keys(metadata).length > 0 ? metadata : null,
  };
}
