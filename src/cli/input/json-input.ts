import { parseExactJson } from "../../core/exact-json.js";
import { type InputForm, isWrapped, rowsOf } from "../../core/input-rows.js";
import type { PredictionInputs } from "../../core/prediction-inputs.js";
import { inRowOrder } from "./row-order.js";

/** What a model is asked: `inputs` and `params` of `predict`. */
export interface ModelInput {
  inputs: PredictionInputs;
  params?: Record<string, unknown>;
}

/**
 * The rows of a JSON text, in any of the forms that `predict` takes, and the `params` that MLflow has beside them. A whole
 * number beyond 2^53 is a BigInt.
 *
 * @param form - Default: told from the content.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`
 */
export function parseJsonInput(text: string, form?: InputForm): ModelInput {
  const content = parseExactJson(text);
  if (!isTable(content)) return { inputs: rowsOf(content, form) };
  // a column may have that name, and is then a list or a table of cells by their row
  const { params, ...rest } = content;
  if (isTable(params) && isWrapped(rest)) return { inputs: rowsOf(rest, form), params };
  const isColumns = form === "columns" || (form === undefined && !isWrapped(content));
  return { inputs: rowsOf(isColumns ? inRowOrder(content, text) : content, form) };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
