import type { Predictions } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Explanations } from "../../core/explanations.js";
import type { ModelSignature } from "../../core/model.js";
import type { PredictOptions } from "../../core/options.js";
import type { PredictionTarget } from "../../core/prediction-request.js";
import type { Endpoint, PredictRequest } from "../../core/services.js";
import { prepareRequest } from "../../signature/prepare-request.js";
import { readPredictions } from "../../signature/read-predictions.js";
import { rowReader } from "../../signature/row-reader.js";
import type { Call } from "./call.js";
import { currentEndpoint, forgetEndpoint, predictionEndpoint } from "./prediction-endpoint.js";
import { servedSignature } from "./served-signature.js";
import type { AiPlatformServices } from "./services.js";

/** "Vertex Explainable AI" is deprecated since 2026-03-16. */
const explanationsEnd =
  "Google ends Vertex Explainable AI on 2027-03-16: explain and explanationParameters will then be refused.";

/** What is asked: `inputs` and `params` of the methods. */
export type Question = Pick<PredictOptions, "inputs" | "params">;

/**
 * Sends rows, and gives the platform's answer.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`, before anything is sent, for rows that the served model does not take.
 */
export async function predict(target: PredictionTarget, question: Question, call: Call): Promise<Predictions> {
  const { services, context, settings } = call;
  const { endpoint, request, signature } = await prepare(target, question, call);
  const splittable = request.splittable && settings.splitRequests;
  try {
    const answer = await services.predictionService.predict({ ...request, splittable }, context);
    return { ...answer, predictions: readPredictions(answer.predictions, signature) };
  } catch (error) {
    forgetEndpoint(endpoint.id, services);
    throw error;
  }
}

/**
 * Sends rows, and gives the parts of the answer as they come.
 *
 * @throws DeploymentError `FAILED_PRECONDITION`, before anything is sent, for an endpoint that streams nothing;
 * `INVALID_PARAMETER_VALUE` as {@link predict}.
 */
export async function predictStream(
  target: PredictionTarget,
  question: Question,
  call: Call,
): Promise<AsyncIterable<unknown>> {
  const { services, context } = call;
  const { endpoint, request } = await prepare(target, question, call, (found) => {
    if (found.dedicatedHost === null) throw noStream(found);
  });
  const parts = services.predictionService.stream({ ...request, splittable: false }, context);
  return forgettingOnFailure(parts, endpoint.id, services);
}

/**
 * Sends rows, and gives predictions with their explanations.
 *
 * @throws DeploymentError `FAILED_PRECONDITION`, before anything is sent, for an endpoint that explains nothing;
 * `INVALID_PARAMETER_VALUE` as {@link predict}.
 */
export async function explain(target: PredictionTarget, question: Question, call: Call): Promise<Explanations> {
  const { services, context } = call;
  const { endpoint, request, signature } = await prepare(target, question, call, (found) => {
    if (found.dedicatedHost !== null || found.network !== null) throw noExplanations(found);
  });
  context.report({ type: "warning", message: explanationsEnd });
  warnOfTheEnd();
  try {
    const answer = await services.predictionService.explain({ ...request, splittable: false }, context);
    return { ...answer, predictions: readPredictions(answer.predictions, signature) };
  } catch (error) {
    forgetEndpoint(endpoint.id, services);
    throw error;
  }
}

/** A request that the served model takes, as it is sent, and where to. */
interface Prepared {
  endpoint: Endpoint;
  request: PredictRequest & { splittable: boolean };
  signature: ModelSignature | null;
}

/** @param checkEndpoint - Throws for an endpoint that cannot answer such a request. */
async function prepare(
  target: PredictionTarget,
  { inputs, params }: Question,
  call: Call,
  checkEndpoint: (endpoint: Endpoint) => void = () => {},
): Promise<Prepared> {
  const rows = rowReader(inputs);
  const prepareFor = async (endpoint: Endpoint) => {
    checkEndpoint(endpoint);
    const signature = await servedSignature(endpoint, call);
    const { instances, parameters, splittable } = prepareRequest(rows(signature), params, signature);
    const given = parameters && Object.keys(parameters).length > 0 ? parameters : undefined;
    return { endpoint, request: { endpoint, instances, parameters: given, splittable }, signature };
  };
  const endpoint = await predictionEndpoint(target, call);
  try {
    return await prepareFor(endpoint);
  } catch (error) {
    const current = await currentEndpoint(target, endpoint, call);
    if (!current) throw error;
    return prepareFor(current);
  }
}

async function* forgettingOnFailure(
  parts: AsyncIterable<unknown>,
  endpointId: string,
  services: AiPlatformServices,
): AsyncGenerator<unknown, void, undefined> {
  try {
    yield* parts;
  } catch (error) {
    forgetEndpoint(endpointId, services);
    throw error;
  }
}

function noStream({ id, network }: Endpoint): DeploymentError {
  const kind = network === null ? "shared" : "private";
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `The endpoint ${id} is a ${kind} one, and Vertex AI streams predictions of dedicated endpoints only. Deploy under another name with endpointType: dedicated, or use predict.`,
  );
}

function noExplanations({ id, network }: Endpoint): DeploymentError {
  const kind = network === null ? "dedicated" : "private";
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `The endpoint ${id} is a ${kind} one, and Vertex AI explains predictions of shared endpoints only. Deploy under another name with endpointType: shared and explanationParameters, or use predict.`,
  );
}

let warned = false;

/** Once a process: explain has nobody who listens to its progress. */
function warnOfTheEnd(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(explanationsEnd, { type: "DeprecationWarning", code: "MLFLOW_DEPLOYMENTS_EXPLAIN" });
}
