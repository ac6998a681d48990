import { cellCount, guessedRows, parseCsv } from "./csv.js";
import { DeploymentError } from "./errors.js";

/** The forms of JSON inputs by the names that the command line has for them. */
export type InputForm = "split" | "records" | "columns" | "tf-serving";

type Table = Readonly<Record<string, unknown>>;

/** The keys that tell a form. */
const wrappers = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

/** Whether inputs are the text of a CSV, which a signature can tell the types of. */
export function isCsvInput(inputs: unknown): inputs is { readonly csv: string } {
  return isTable(inputs) && typeof inputs["csv"] === "string" && Object.keys(inputs).length === 1;
}

/** Whether a JSON content can have the model's `params` beside its rows: not where that may be a column. */
export function isWrapped(content: Table): boolean {
  return wrappers.some((key) => key in content) || Array.isArray(content["data"]);
}

/**
 * The rows of inputs in any of the forms of `PredictionInputs`.
 *
 * @param form - The form that it must be. Default: told from the content.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that says what it is.
 */
export function rowsOf(inputs: unknown, form?: InputForm): readonly unknown[] {
  if (form === undefined && isCsvInput(inputs)) return guessedRows(parseCsv(inputs.csv));
  const rows = listOf(inputs);
  if (rows !== null && (form === undefined || form === "records")) return rows;
  if (!isTable(inputs)) throw unexpected(inputs, form);
  switch (form) {
    case "tf-serving":
      return tfServing(inputs);
    case "split":
      return split(inputs["dataframe_split"] ?? inputs);
    case "records":
      return list(inputs["dataframe_records"], "dataframe_records");
    case "columns":
      return columns(inputs, form);
    default:
      return byContent(inputs);
  }
}

function byContent(content: Table): readonly unknown[] {
  const wrapper = wrappers.find((key) => key in content);
  if (wrapper !== undefined) {
    checkAlone(wrapper, content);
    if (wrapper === "dataframe_split") return split(content[wrapper]);
    return wrapper === "inputs" ? unwrapped(content[wrapper]) : list(content[wrapper], wrapper);
  }
  if (!Array.isArray(content["columns"]) || !Array.isArray(content["data"])) return columns(content);
  if ("params" in content) throw paramsInside();
  return split(content);
}

function checkAlone(wrapper: string, content: Table): void {
  const others = Object.keys(content).filter((key) => key !== wrapper);
  if (others.length === 0) return;
  if (others.length === 1 && others[0] === "params") throw paramsInside();
  if (wrapper === "instances" || wrapper === "inputs") tfServing(content);
  throw invalid(`"${wrapper}" must be the only key of the inputs, and there are ${JSON.stringify(others)} as well.`);
}

/** TensorFlow Serving's form: `instances` row by row, or `inputs` by the names of columns; one of them, and nothing else. */
function tfServing(content: Table): readonly unknown[] {
  const keys = Object.keys(content);
  if (keys.length !== 1 || (keys[0] !== "instances" && keys[0] !== "inputs")) {
    throw invalid(
      `One of "instances" and "inputs" must be specified (not both or any other keys). Received: ${JSON.stringify(keys)}`,
    );
  }
  return "instances" in content ? list(content["instances"], "instances") : unwrapped(content["inputs"]);
}

/** What `inputs` holds: rows, columns, or one row. */
function unwrapped(inputs: unknown): readonly unknown[] {
  const rows = listOf(inputs);
  if (rows !== null) return rows;
  // values that are no lists are the cells of one row
  return isTable(inputs) && Object.values(inputs).some((column) => listOf(column) !== null)
    ? columns(inputs)
    : [inputs];
}

/** `{"columns": ["a", "b"], "data": [[1, 2]]}`; without columns the rows are arrays. */
function split(content: unknown): readonly unknown[] {
  const { columns: names, data } = isTable(content) ? content : {};
  const rows = list(data, "data");
  if (names === undefined) return rows;
  const keys = list(names, "columns").map(String);
  return rows.map((row, index) => {
    const cells = listOf(row);
    if (cells?.length === keys.length) return Object.fromEntries(keys.map((key, at) => [key, cells[at]]));
    throw invalid(
      `Row ${index + 1} of "data" must be an array of ${cellCount(keys.length)}, one for each of "columns".`,
    );
  });
}

/** `{"a": {"0": 1, "1": 2}}`, pandas' default, with a Map for any order of rows, or `{"a": [1, 2]}`. A cell that a column lacks is null. */
function columns(content: Table, form?: InputForm): readonly unknown[] {
  const entries = Object.entries(content).map(([name, column]) => ({ name, column, cells: listOf(column) }));
  if (entries.length === 0) throw unexpected(content, form);
  if (entries.every(({ cells }) => cells !== null))
    return listed(entries.map(({ name, cells }) => [name, cells ?? []]));
  const tables = entries.map(({ name, column, cells }) => {
    if (column instanceof Map)
      return { name, byRow: new Map([...column].map(([row, cell]) => [String(row), cell as unknown])) };
    if (isTable(column)) return { name, byRow: new Map(Object.entries(column)) };
    if (cells === null || form) throw form ? unexpected(content, form) : noColumns(content);
    throw entries.some((entry) => isTable(entry.column)) ? invalid(mixed) : noColumns(content);
  });
  const rows = [...new Set(tables.flatMap(({ byRow }) => [...byRow.keys()]))];
  return rows.map((row) => Object.fromEntries(tables.map(({ name, byRow }) => [name, byRow.get(row) ?? null])));
}

const mixed = "The columns must be all lists, or all tables of cells by their rows.";

function listed(lists: readonly (readonly [string, readonly unknown[]])[]): readonly unknown[] {
  const [first, length] = [lists[0]?.[0], lists[0]?.[1].length ?? 0];
  const other = lists.find(([, cells]) => cells.length !== length);
  if (other) {
    const [name, { length: its }] = other;
    const lengths = `${JSON.stringify(first)} has ${length} and ${JSON.stringify(name)} ${its}`;
    throw invalid(`The columns must be of the same length: ${lengths}.`);
  }
  return Array.from({ length }, (_, row) => Object.fromEntries(lists.map(([name, cells]) => [name, cells[row]])));
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = listOf(value);
  if (found !== null) return found;
  throw invalid(`"${name}" must be an array, and is ${kind(value)}.`);
}

/** An array as it is, the elements of a typed array; null for anything else. */
function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value as unknown[];
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float64Array) : null;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function kind(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`;
}

function unexpected(content: unknown, form: InputForm | undefined): DeploymentError {
  const found = isTable(content) ? `an object with the keys ${JSON.stringify(Object.keys(content))}` : kind(content);
  return invalid(
    form
      ? `The input is not of the form ${form}: it is ${found}.`
      : `The input must be an array of rows, or an object with dataframe_split, dataframe_records, instances, inputs, csv, or columns; it is ${found}.`,
  );
}

/** Most likely it is a row. */
function noColumns(content: Table): DeploymentError {
  return invalid(
    `Not all of the keys ${JSON.stringify(Object.keys(content))} have a list of cells, as columns do. One row is an array of it: [{ … }].`,
  );
}

function paramsInside(): DeploymentError {
  return invalid('"params" is no part of the inputs: give it beside them, as in predict({ inputs, params }).');
}

function invalid(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
