import { DeploymentError } from "../../core/errors.js";
import { parseExactJson } from "./exact-json.js";

/** What a model is asked: `inputs` and `params` of `predict`. */
export interface ModelInput {
  inputs: readonly unknown[];
  params?: Record<string, unknown>;
}

/** The forms of a JSON input that can be named. Without a name, the form is told from the content. */
export type JsonFormat = "split" | "records" | "columns" | "tf-serving";

type Table = Record<string, unknown>;

/**
 * The rows of a JSON text, in any of the forms that MLflow takes: an array of rows; `{"dataframe_split": …}`,
 * `{"dataframe_records": …}`, `{"instances": …}`, `{"inputs": …}`, each with `params` beside it or not; and what pandas writes,
 * `{"columns": …, "data": …}` and `{"a": {"0": 1}}`.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`
 */
export function parseJsonInput(text: string, format?: JsonFormat): ModelInput {
  const content = parseExactJson(text);
  if (Array.isArray(content) && (format === undefined || format === "records")) return { inputs: content as unknown[] };
  if (!isTable(content)) throw unexpected(content, format);
  // a column may have that name, and is then a list or a table of cells by their row
  const { params, ...rest } = content;
  const hasParams = isTable(params) && (wrapped(rest) || Array.isArray(rest["data"]));
  const inputs = rowsOf(hasParams ? rest : content, format);
  return hasParams ? { inputs, params } : { inputs };
}

function rowsOf(content: Table, format: JsonFormat | undefined): readonly unknown[] {
  switch (format) {
    case "tf-serving":
      return tfServing(content);
    case "split":
      return split(content["dataframe_split"] ?? content);
    case "records":
      return list(content["dataframe_records"], "dataframe_records");
    case "columns":
      return columns(content);
    case undefined:
      break;
  }
  if ("dataframe_split" in content) return split(content["dataframe_split"]);
  if ("dataframe_records" in content) return list(content["dataframe_records"], "dataframe_records");
  if ("instances" in content || "inputs" in content) return tfServing(content);
  if (Array.isArray(content["columns"]) && Array.isArray(content["data"])) return split(content);
  return columns(content);
}

function wrapped(content: Table): boolean {
  return ["dataframe_split", "dataframe_records", "instances", "inputs"].some((key) => key in content);
}

/** TensorFlow Serving's form: `instances` row by row, or `inputs` by the names of columns; one of them, and nothing else. */
function tfServing(content: Table): readonly unknown[] {
  const keys = Object.keys(content);
  if (keys.length !== 1 || (keys[0] !== "instances" && keys[0] !== "inputs")) {
    throw invalid(
      `One of "instances" and "inputs" must be specified (not both or any other keys). Received: ${JSON.stringify(keys)}`,
    );
  }
  if ("instances" in content) return list(content["instances"], "instances");
  const { inputs } = content;
  if (Array.isArray(inputs)) return inputs as unknown[];
  // values that are no lists are the cells of one row
  return isTable(inputs) && Object.values(inputs).some(Array.isArray) ? columns(inputs) : [inputs];
}

/** `{"columns": ["a", "b"], "data": [[1, 2]]}`; without columns the rows are arrays. */
function split(content: unknown): readonly unknown[] {
  const { columns: names, data } = isTable(content) ? content : {};
  const rows = list(data, "data");
  if (names === undefined) return rows;
  const keys = list(names, "columns").map(String);
  return rows.map((row, index) => {
    if (Array.isArray(row) && row.length === keys.length)
      return Object.fromEntries(keys.map((key, at) => [key, row[at]]));
    throw invalid(`Row ${index + 1} of "data" must be an array of ${keys.length} cells, one for each of "columns".`);
  });
}

/** `{"a": {"0": 1, "1": 2}}`, pandas' default, or `{"a": [1, 2]}`. A cell that a column lacks is null. */
function columns(content: Table): readonly unknown[] {
  const cells = Object.entries(content).map(([name, column]) => {
    if (Array.isArray(column))
      return { name, byRow: new Map(column.map((cell, row) => [String(row), cell as unknown])) };
    if (isTable(column)) return { name, byRow: new Map(Object.entries(column)) };
    throw unexpected(content, "columns");
  });
  const lengths = new Set(Object.values(content).map((column) => (Array.isArray(column) ? column.length : -1)));
  if (lengths.size === 0) throw unexpected(content, "columns");
  if (lengths.size > 1) throw invalid("The columns must be of the same length.");
  const rows = [...new Set(cells.flatMap(({ byRow }) => [...byRow.keys()]))];
  return rows.map((row) => Object.fromEntries(cells.map(({ name, byRow }) => [name, byRow.get(row) ?? null])));
}

function list(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw invalid(`"${name}" must be an array, and is ${kind(value)}.`);
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kind(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`;
}

function unexpected(content: unknown, format: JsonFormat | undefined): DeploymentError {
  const found = isTable(content) ? `an object with the keys ${JSON.stringify(Object.keys(content))}` : kind(content);
  return invalid(
    format
      ? `The input is not of the form ${format}: it is ${found}.`
      : `The input must be an array of rows, or an object with dataframe_split, dataframe_records, instances, inputs, or columns; it is ${found}.`,
  );
}

function invalid(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
