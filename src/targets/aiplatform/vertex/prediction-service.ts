import type { Predictions } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import { readEventStream } from "../../../core/event-stream.js";
import type { Explanations } from "../../../core/explanations.js";
import type { PredictionService, PredictRequest } from "../../../core/services.js";
import { isAnyOf } from "../google/operations.js";
import { PredictionCalls, type PredictionTimes } from "../google/prediction-calls.js";
import { PredictionText } from "../google/prediction-text.js";
import { wholeBody } from "../google/request-limit.js";
import { sendSplit } from "../google/split-request.js";
import { refusedByContainer, wrappedError } from "./container-error.js";
import { toExplanations, toPredictions } from "./prediction-answer.js";
import { type PredictionAnswer, PredictionHttp, type PredictionSend } from "./prediction-http.js";
import { type PredictionMethod, type PredictionRoute, predictionRoute } from "./prediction-route.js";
import { requestLimits } from "./request-limits.js";
import type { VertexOptions } from "./vertex-api.js";

/** How long predictions may take. */
export interface PredictionOptions extends VertexOptions, PredictionTimes {}

type Caller = { signal?: AbortSignal | undefined };

/** Predictions through the host that all endpoints of a location share, the endpoint's own, or its network. */
export class VertexPredictionService implements PredictionService {
  readonly #options: PredictionOptions;
  readonly #calls: PredictionCalls;
  readonly #http: PredictionHttp;

  constructor(options: PredictionOptions) {
    this.#options = options;
    this.#calls = new PredictionCalls({
      ...options,
      service: "aiplatform",
      slowPredictions: "a shared or private endpoint itself stops at 60 s, a dedicated one does not",
      modelError: ({ message }, doing) => {
        const answer = wrappedError(message);
        return answer && refusedByContainer(answer, doing);
      },
    });
    this.#http = new PredictionHttp(options.connection);
  }

  /**
   * Rows that hold a BigInt go through `rawPredict`, and what the container answers is read with all digits.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a value that JSON cannot hold, and for a request over the
   * endpoint's limit that may not be split, or of which one row is; `FAILED_PRECONDITION` with the model's own words when it refused the rows; `DEADLINE_EXCEEDED`.
   */
  async predict(request: PredictRequest, { signal }: Caller): Promise<Predictions> {
    const doing = `The prediction on the endpoint ${request.endpoint.name}`;
    const { endpoint, splittable = false } = request;
    const text = textOf(request);
    // Vertex AI itself reads numbers as doubles: with more digits they go to the model's server as they are
    const route = this.#route(request, text.holdsBigInt ? "rawPredict" : "predict");
    const limit = requestLimits[route.type];
    return sendSplit(text, { limit, splittable, signal }, async (body, signal) => {
      const answer = await this.#send({ route, body, signal, doing }, (send) => this.#http.post(send));
      return toPredictions(answer.body, doing, route.model ?? answererOf(answer, endpoint));
    });
  }

  /**
   * @throws DeploymentError As {@link predict} until the first byte. Then `TEMPORARILY_UNAVAILABLE` when the connection
   * breaks, `CANCELLED`, or what the model says in an event `error`. There is no limit to the time of a whole stream.
   */
  async *stream(request: PredictRequest, { signal }: Caller): AsyncGenerator<unknown, void, undefined> {
    const { name } = request.endpoint;
    const doing = `The prediction stream of the endpoint ${name}`;
    const route = this.#route(request, "streamRawPredict");
    const body = wholeBody(textOf(request, { stream: true }), requestLimits[route.type]);
    const bytes = await this.#send({ route, body, signal, doing }, (send) => this.#http.open(send));
    yield* readEventStream(bytes, `The endpoint ${name}`);
  }

  /** @throws DeploymentError As {@link predict}; `FAILED_PRECONDITION` for a model that explains nothing. */
  async explain(request: PredictRequest, { signal }: Caller): Promise<Explanations> {
    const doing = `The explanation on the endpoint ${request.endpoint.name}`;
    const route = this.#route(request, "explain");
    const { instances, parameters } = request;
    const text = new PredictionText(instances, { parameters }, { bigInt: "refused" });
    const body = wholeBody(text, requestLimits[route.type]);
    try {
      const answer = await this.#send({ route, body, signal, doing }, (send) => this.#http.post(send));
      return toExplanations(answer.body, doing);
    } catch (error) {
      throw withExplanationHint(error);
    }
  }

  #route({ endpoint }: PredictRequest, method: PredictionMethod): PredictionRoute {
    return predictionRoute(endpoint, method, this.#options.connection, this.#options.location);
  }

  #send<T>(request: Omit<PredictionSend, "timeoutMs">, send: (request: PredictionSend) => Promise<T>): Promise<T> {
    return this.#calls.run(request, (timeoutMs) => send({ ...request, timeoutMs }));
  }
}

function textOf({ instances, parameters }: PredictRequest, more: { stream?: true } = {}): PredictionText {
  return new PredictionText(instances, { parameters, ...more }, { bigInt: "written" });
}

/** Who answered a raw request: a header says its id, and the endpoint what else is known of it. */
function answererOf({ deployedModelId: id }: PredictionAnswer, { deployedModels }: PredictRequest["endpoint"]) {
  return id === null ? null : (deployedModels.find((model) => model.id === id) ?? { id });
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
