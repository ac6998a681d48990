import type { Predictions } from "../deployment.js";
import type { Explanations } from "../explanations.js";
import type { StepContext } from "../progress.js";
import type { Endpoint } from "./endpoint-manager.js";

/** 7: prediction requests. */
export interface PredictionService {
  /**
   * Sends one request, or several where it is too large for one and `splittable`. Rejects with the platform's and the model's
   * own words when it is refused.
   */
  predict(request: PredictRequest, context: Pick<StepContext, "signal">): Promise<Predictions>;
  /** Sends one request, and gives the parts of its answer as they come. */
  stream(request: PredictRequest, context: Pick<StepContext, "signal">): AsyncIterable<unknown>;
  /** Sends one request for predictions with their explanations. */
  explain(request: PredictRequest, context: StepContext): Promise<Explanations>;
}

/** One prediction request. */
export interface PredictRequest {
  endpoint: Pick<Endpoint, "name" | "dedicatedHost" | "network" | "deployedModels">;
  /** JSON data, and BigInt for integers that no JSON number of other programs may carry. */
  instances: readonly unknown[];
  parameters?: Record<string, unknown> | undefined;
  /** Whether `predict` may send the rows in several requests where one does not hold them. Default: false. */
  splittable?: boolean | undefined;
}
