import { parseCsv } from "../core/csv.js";
import { isCsvInput } from "../core/input-rows.js";
import type { ModelSignature } from "../core/model.js";
import type { PredictionInputs } from "../core/prediction-inputs.js";
import { predictionRows } from "../core/prediction-request.js";
import { csvRows } from "./csv.js";

/** Gives the rows of a request, of which there is at least one, once the model's signature is known, or known not to be. */
export type RowReader = (signature: ModelSignature | null) => readonly unknown[];

/**
 * Reads the inputs of `predict`, so that what are no rows is refused before anything is asked for.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for inputs that are no rows.
 */
export function rowReader(inputs: PredictionInputs): RowReader {
  if (isCsvInput(inputs)) {
    const table = parseCsv(inputs.csv);
    return (signature) => csvRows(table, signature);
  }
  const rows = predictionRows({ inputs });
  return () => rows;
}
