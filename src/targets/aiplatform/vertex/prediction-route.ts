import type { DeployedModel } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { PredictRequest } from "../../../core/services.js";
import type { GoogleConnection } from "../google/connection.js";
import type { EndpointType } from "./request-limits.js";

type Endpoint = PredictRequest["endpoint"];

/** The methods that answer predictions (`PredictionService`). */
export type PredictionMethod = "predict" | "rawPredict" | "explain" | "streamRawPredict";

/** The way to an endpoint. */
export interface PredictionRoute {
  url: string;
  type: EndpointType;
  /** Inside a network there is no TLS and nobody who asks for credentials: Google's own SDK sends none either. */
  withCredentials: boolean;
  /** Whether the answer is the container's own, whose numbers have all their digits; else Vertex AI has read and written it. */
  isContainers: boolean;
  /** Inside a network, the one model that there is: its container answers itself, and does not say which model it is of. */
  model: DeployedModel | null;
}

/** How an endpoint is reached. */
function endpointType({ network, dedicatedHost }: Endpoint): EndpointType {
  if (network !== null) return "private";
  return dedicatedHost === null ? "shared" : "dedicated";
}

/**
 * The way of a method's requests to an endpoint.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` for a private endpoint without a model; `INTERNAL_ERROR` for a host to
 * which nothing may be sent.
 */
export function predictionRoute(
  endpoint: Endpoint,
  method: PredictionMethod,
  connection: GoogleConnection,
  location: string,
): PredictionRoute {
  const type = endpointType(endpoint);
  if (type === "private") {
    const model = privateModel(endpoint);
    return { url: connection.privateUrl(model.predictUrl), type, withCredentials: false, isContainers: true, model };
  }
  const { name, dedicatedHost } = endpoint;
  const host = dedicatedHost === null ? connection.aiplatformUrl(location) : connection.dedicatedUrl(dedicatedHost);
  const isContainers = method === "rawPredict" || method === "streamRawPredict";
  return { url: `${host}/v1/${name}:${method}`, type, withCredentials: true, isContainers, model: null };
}

function privateModel({ name, deployedModels }: Endpoint): DeployedModel & { predictUrl: string } {
  const [model] = deployedModels.toSorted((a, b) => b.trafficPercent - a.trafficPercent);
  if (model && model.predictUrl !== null) return { ...model, predictUrl: model.predictUrl };
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The private endpoint ${name} has no model that can be asked yet. Deploy one to it.`,
  );
}
