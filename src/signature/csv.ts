import { type CsvTable, guessedRows, invalidCsv, isMissing, isNumeral } from "../core/csv.js";
import { DeploymentError } from "../core/errors.js";
import { exactNumber, parseExactJson } from "../core/exact-json.js";
import type { ModelSignature, SignatureField } from "../core/model.js";

/** Reads the text of a cell. What it makes no sense of it leaves as text, for the check of the rows to refuse. */
type CellReader = (cell: string, row: number) => unknown;

/**
 * The rows of a CSV text, each cell read as its column in the signature says: text stays as it is (`007`), a whole number
 * beyond 2^53 is a BigInt, arrays, objects and maps are JSON in the cell. An empty cell is null; of a column of doubles or floats
 * it is NaN, which pandas writes so, and which MLflow takes there. Where the signature names no columns, or there is none, the
 * types are guessed from the cells, and rows of unnamed columns are arrays.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a heading that is not in the signature, and for JSON that is none.
 */
export function csvRows(table: CsvTable, signature: ModelSignature | null): unknown[] {
  const fields = signature?.inputs ?? [];
  if (fields.length === 0) return guessedRows(table);
  if (fields.every(({ name }) => name === undefined)) return unnamedRows(table, fields);
  const foreign = table.headings.find((heading) => !fields.some(({ name }) => name === heading));
  if (foreign !== undefined) throw unknownColumn(foreign, fields);
  if (fields.some(isTensor)) return guessedRows(table);
  const columns = table.headings.map((name) => ({
    name,
    read: readerOf(fields.find((field) => field.name === name)?.type ?? "", name),
  }));
  return table.rows.map((cells, row) =>
    Object.fromEntries(columns.map(({ name, read }, at) => [name, read(cells[at] ?? "", row)])),
  );
}

/** By position: the headings of such a table are nothing to the model. */
function unnamedRows(table: CsvTable, fields: readonly SignatureField[]): unknown[] {
  if (fields.some(isTensor)) return guessedRows(table).map((row) => table.headings.map((name) => row[name]));
  if (table.headings.length !== fields.length)
    throw invalidCsv(`it has ${table.headings.length} columns, and the model takes ${fields.length}`);
  const readers = fields.map(({ type }, at) => readerOf(type, table.headings[at] ?? ""));
  return table.rows.map((cells, row) => readers.map((read, at) => read(cells[at] ?? "", row)));
}

function readerOf(type: string, column: string): CellReader {
  if (type === "float" || type === "double") return (cell) => number(cell) ?? notFinite(cell.trim());
  const read = filledReaderOf(type, column);
  return (cell, row) => (cell === "" ? null : read(cell, row));
}

/** For cells that are not empty. */
function filledReaderOf(type: string, column: string): CellReader {
  switch (type) {
    case "boolean":
      return boolean;
    case "integer":
    case "long":
      return (cell) => number(cell) ?? (isMissing(cell.trim()) ? null : cell);
    case "array":
    case "object":
    case "map":
      return (cell, row) => parseExactJson(cell, `Row ${row + 1} of the CSV, column "${column}",`);
    default:
      return (cell) => cell;
  }
}

function boolean(cell: string): unknown {
  const word = cell.trim().toLowerCase();
  return word === "true" ? true : word === "false" ? false : cell;
}

function number(cell: string): number | bigint | null {
  const text = cell.trim();
  return isNumeral(text) ? exactNumber(text) : null;
}

const infinity = /^([+-]?)inf(?:inity)?$/i;

/** What Python and pandas write for numbers that have no digits. */
function notFinite(text: string): unknown {
  if (isMissing(text) || /^[+-]nan$/i.test(text)) return Number.NaN;
  const [found, sign] = infinity.exec(text) ?? [];
  if (found === undefined) return text;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function isTensor({ type }: SignatureField): boolean {
  return type === "tensor";
}

function unknownColumn(heading: string, fields: readonly SignatureField[]): DeploymentError {
  const names = fields.map(({ name }) => name ?? "");
  const listed = names.length > 20 ? `${names.slice(0, 20).join(", ")}, …` : names.join(", ");
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The CSV has the column "${heading}", which the model does not take. Its columns are: ${listed}.`,
  );
}
