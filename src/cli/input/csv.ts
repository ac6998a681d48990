import { DeploymentError } from "../../core/errors.js";
import { exactNumber } from "./exact-json.js";

type Cell = string | number | boolean | null;

/**
 * The rows of a CSV text (RFC 4180) with a line of headings, as objects. A column is of numbers, or of booleans, where all its
 * cells are; a number with a leading zero, such as `007`, is text. An empty cell is null, and so is `NaN` among numbers.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the row
 */
export function parseCsv(text: string): Record<string, Cell>[] {
  const [headings, ...rows] = records(text.replace(/^\uFEFF/, ""));
  if (!headings) throw invalid("it is empty");
  const twice = headings.find((heading, index) => headings.indexOf(heading) !== index);
  if (twice !== undefined) throw invalid(`the column "${twice}" is there twice`);
  for (const [index, row] of rows.entries()) {
    if (row.length !== headings.length)
      throw invalid(`row ${index + 1} has ${row.length} cells, and the line of headings ${headings.length}`);
  }
  const columns = headings.map((_, column) => typed(rows.map((row) => row[column] ?? "")));
  return rows.map((_, row) =>
    Object.fromEntries(headings.map((name, column) => [name, columns[column]?.[row] ?? null])),
  );
}

/** Cells in quotes may hold commas, line ends, and quotes written twice. Lines without anything are passed over. */
function records(text: string): string[][] {
  const found: string[][] = [];
  let record: string[] = [];
  // one cell, and what ends it
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (cell.lastIndex < text.length || record.length > 0) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) throw invalid(`a quote is wrong near ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, quotedCell, plain = "", end] = match;
    record.push(quotedCell?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (record.length > 1 || match[0] !== end) found.push(record);
    record = [];
  }
  return found;
}

function typed(cells: readonly string[]): Cell[] {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => !isMissing(cell));
  if (filled.length > 0 && filled.every((cell) => numeral.test(cell)))
    return cells.map((cell) => (isMissing(cell.trim()) ? null : exactNumber(cell.trim())));
  if (filled.length > 0 && filled.every((cell) => /^(true|false)$/i.test(cell)))
    return cells.map((cell) => (isMissing(cell.trim()) ? null : cell.trim().toLowerCase() === "true"));
  return cells.map((cell) => (cell === "" ? null : cell));
}

const numeral = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** What pandas writes for a missing number, and nothing. */
function isMissing(cell: string): boolean {
  return cell === "" || /^(nan|na|null)$/i.test(cell);
}

function invalid(why: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", `The input is not valid CSV: ${why}.`);
}
