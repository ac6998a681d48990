/** The outputs of a prediction, as `ExplanationMetadata.outputs` addresses them. */
import { invalidArgument } from "../../google-error.js";
import { isObject, type JsonObject } from "../../proto/parse.js";
import { predictionFailed } from "../predict/prediction-body.js";
import type { ExplanationSpec, OutputMetadata } from "./explanation-spec.js";

/** What a model predicted of the output that is explained. */
export interface ExplainedOutput {
  numbers: number[];
  /** Whether it is one number rather than a list of them. */
  isScalar: boolean;
}

/** @throws GoogleError FAILED_PRECONDITION for a prediction without that output, or one that is not numeric. */
export function outputOf(prediction: unknown, name: string): ExplainedOutput {
  const output = isObject(prediction) ? prediction[name] : prediction;
  if (output === undefined) {
    throw predictionFailed(`the prediction has no field "${name}", the output of the explanation metadata.`);
  }
  if (typeof output === "number") return { numbers: [output], isScalar: true };
  if (Array.isArray(output) && output.length > 0 && output.every((each) => typeof each === "number")) {
    return { numbers: output, isScalar: false };
  }
  throw predictionFailed(`the output "${name}" can't be explained: it is neither a number nor a list of numbers.`);
}

/**
 * Which outputs are explained: `outputIndices` in their order, else the `topK` largest, else the largest.
 *
 * @throws GoogleError INVALID_ARGUMENT for an index that the output does not have.
 */
export function explainedIndices({ numbers, isScalar }: ExplainedOutput, spec: ExplanationSpec): number[] {
  if (isScalar) return [0];
  const { topK = 1, outputIndices } = spec.parameters ?? {};
  if (outputIndices) {
    const wrong = outputIndices.find((each) => !Number.isInteger(each) || numbers[each as number] === undefined);
    if (wrong !== undefined) throw invalidArgument(`output_indices has ${JSON.stringify(wrong)}: no such output.`);
    return outputIndices as number[];
  }
  const largestFirst = numbers.map((_, index) => index).sort((a, b) => numbers[b]! - numbers[a]!);
  return topK === -1 ? largestFirst : largestFirst.slice(0, topK);
}

/** `outputIndex` and `outputDisplayName` of an Attribution. */
export function outputNames(
  { isScalar }: ExplainedOutput,
  index: number,
  prediction: unknown,
  { indexDisplayNameMapping, displayNameMappingKey }: OutputMetadata,
): JsonObject {
  const named = isObject(prediction) && displayNameMappingKey !== undefined && prediction[displayNameMappingKey];
  const names = named || indexDisplayNameMapping;
  const name = Array.isArray(names) ? (names as unknown[])[index] : isScalar ? names : undefined;
  return {
    ...(!isScalar && { outputIndex: [index] }),
    ...(typeof name === "string" && { outputDisplayName: name }),
  };
}
