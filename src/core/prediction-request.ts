import { DeploymentError } from "./errors.js";
import { rowsOf } from "./input-rows.js";
import type { PredictOptions } from "./options.js";

/** Where a prediction goes: to a deployment, or to whatever an endpoint's traffic split says. */
export type PredictionTarget = { deploymentName: string } | { endpoint: string };

/**
 * Where the options of `predict` send their rows. For those who write a target.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` unless exactly one of `deploymentName` and `endpoint` is given.
 */
export function predictionTarget({
  deploymentName,
  endpoint,
}: Pick<PredictOptions, "deploymentName" | "endpoint">): PredictionTarget {
  if (deploymentName !== undefined && endpoint === undefined) return { deploymentName };
  if (endpoint !== undefined && deploymentName === undefined) return { endpoint };
  throw new DeploymentError("INVALID_PARAMETER_VALUE", "Must specify exactly one of deploymentName or endpoint.");
}

/**
 * The rows in the options of `predict`, whatever form they come in (`PredictionInputs`), of which there is at least one. For
 * those who write a target.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for inputs that are no rows.
 */
export function predictionRows({ inputs }: Pick<PredictOptions, "inputs">): readonly unknown[] {
  const rows = rowsOf(inputs);
  if (rows.length > 0) return rows;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "inputs must have at least one row, such as [[5.1, 3.5, 1.4, 0.2]].",
  );
}
