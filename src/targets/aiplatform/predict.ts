import type { Predictions } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { Explanations } from "../../core/explanations.js";
import type { PredictionTarget } from "../../core/prediction-request.js";
import type { Endpoint, PredictRequest } from "../../core/services.js";
import type { Call } from "./call.js";
import { forgetEndpoint, predictionEndpoint } from "./prediction-endpoint.js";
import type { AiPlatformServices } from "./services.js";

/** "Vertex Explainable AI" is deprecated since 2026-03-16. */
const explanationsEnd =
  "Google ends Vertex Explainable AI on 2027-03-16: explain and explanationParameters will then be refused.";

/** Sends rows, and gives the platform's answer. */
export async function predict(
  target: PredictionTarget,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  call: Call,
): Promise<Predictions> {
  const { services, context } = call;
  const endpoint = await predictionEndpoint(target, call);
  try {
    return await services.predictionService.predict(request(endpoint, inputs, params), context);
  } catch (error) {
    forgetEndpoint(endpoint.id, services);
    throw error;
  }
}

/**
 * Sends rows, and gives the parts of the answer as they come.
 *
 * @throws DeploymentError `FAILED_PRECONDITION`, before anything is sent, for an endpoint that streams nothing.
 */
export async function predictStream(
  target: PredictionTarget,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  call: Call,
): Promise<AsyncIterable<unknown>> {
  const { services, context } = call;
  const endpoint = await predictionEndpoint(target, call);
  if (endpoint.dedicatedHost === null) throw noStream(endpoint);
  const parts = services.predictionService.stream(request(endpoint, inputs, params), context);
  return forgettingOnFailure(parts, endpoint.id, services);
}

/**
 * Sends rows, and gives predictions with their explanations.
 *
 * @throws DeploymentError `FAILED_PRECONDITION`, before anything is sent, for an endpoint that explains nothing.
 */
export async function explain(
  target: PredictionTarget,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  call: Call,
): Promise<Explanations> {
  const { services, context } = call;
  const endpoint = await predictionEndpoint(target, call);
  if (endpoint.dedicatedHost !== null || endpoint.network !== null) throw noExplanations(endpoint);
  context.report({ type: "warning", message: explanationsEnd });
  warnOfTheEnd();
  try {
    return await services.predictionService.explain(request(endpoint, inputs, params), context);
  } catch (error) {
    forgetEndpoint(endpoint.id, services);
    throw error;
  }
}

function request(
  endpoint: Endpoint,
  instances: readonly unknown[],
  params: Record<string, unknown> | undefined,
): PredictRequest {
  return { endpoint, instances, parameters: params && Object.keys(params).length > 0 ? params : undefined };
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
