import type { BatchPrediction } from "../../core/batch.js";
import { rowsText } from "../progress/wording.js";
import { oneLine } from "./printable.js";
import type { Table } from "./table.js";

/** Whether each row has its prediction, as far as it is known. */
export function isWhole({ state, counts, partialFailures }: BatchPrediction): boolean {
  return state === "succeeded" && !counts.failed && !counts.incomplete && partialFailures.length === 0;
}

/** A batch prediction in a few lines for a person, with what has failed of it. */
export function batchLines(prediction: BatchPrediction): string[] {
  const { name, state, partialFailures } = prediction;
  return [
    `Batch prediction ${oneLine(name)} has ${state === "succeeded" ? "succeeded" : "succeeded in part"}`,
    ...facts(prediction).map(([label, fact]) => `  ${`${label}:`.padEnd(10)} ${oneLine(fact)}`),
    ...(partialFailures.length > 0 ? ["Failures:"] : []),
    ...partialFailures.map(({ code, message }) => `  ${code === null ? "" : `code ${code}: `}${oneLine(message)}`),
  ];
}

/** The same as a table. */
export function batchTable(prediction: BatchPrediction): Table {
  const { name, state, partialFailures } = prediction;
  const failures = partialFailures.map(({ message }): [string, string] => ["failure", message]);
  return { headings: ["KEY", "VALUE"], rows: [["name", name], ["state", state], ...facts(prediction), ...failures] };
}

function facts({ model, modelVersionId, counts, output, outputDirectory }: BatchPrediction): [string, string][] {
  const rows = rowsText(counts);
  return [
    ["model", modelVersionId === null ? model : `${model}, version ${modelVersionId}`],
    ...(rows === "" ? [] : [["rows", rows] satisfies [string, string]]),
    ["output", outputDirectory ?? output],
  ];
}
