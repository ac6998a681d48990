import type { DeployedModel, Predictions } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { Explanations } from "../../../core/explanations.js";

/** What `endpoints.predict` answers (`PredictResponse`). */
interface PredictResponse {
  predictions?: unknown[];
  deployedModelId?: string;
  model?: string;
  modelVersionId?: string;
  modelDisplayName?: string;
  metadata?: Record<string, unknown>;
}

/** What `endpoints.explain` answers (`ExplainResponse`). */
interface ExplainResponse {
  explanations?: unknown[];
  predictions?: unknown[];
  deployedModelId?: string;
}

/** Which model has answered, where a container answered itself and does not say it. */
export type Answerer = Pick<DeployedModel, "id"> & Partial<Pick<DeployedModel, "model" | "modelVersionId">>;

export function toPredictions(answer: unknown, doing: string, model: Answerer | null): Predictions {
  const response = record(answer) as PredictResponse;
  if (!Array.isArray(response.predictions)) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `${doing} was answered without a list of predictions. A serving container answers {"predictions": [...]}.`,
    );
  }
  return {
    predictions: response.predictions,
    deployedModelId: response.deployedModelId ?? model?.id ?? null,
    model: response.model ?? model?.model ?? null,
    modelVersionId: response.modelVersionId ?? model?.modelVersionId ?? null,
    modelDisplayName: response.modelDisplayName ?? null,
    metadata: response.metadata ?? null,
  };
}

export function toExplanations(answer: unknown, doing: string): Explanations {
  const { explanations, predictions, deployedModelId } = record(answer) as ExplainResponse;
  if (!Array.isArray(explanations))
    throw new DeploymentError("INTERNAL_ERROR", `${doing} was answered without a list of explanations.`);
  return { explanations, predictions: predictions ?? [], deployedModelId: deployedModelId ?? null };
}

function record(answer: unknown): object {
  return typeof answer === "object" && answer !== null ? answer : {};
}
