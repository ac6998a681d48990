import { DeploymentError } from "./errors.js";
import { exactNumber } from "./exact-json.js";

/** A CSV text taken apart: its line of headings, and rows of as many cells. */
export interface CsvTable {
  headings: string[];
  rows: string[][];
}

/** A cell, read without knowing what its column is. */
export type CsvCell = string | number | bigint | boolean | null;

/**
 * Takes a CSV text (RFC 4180) with a line of headings apart.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the row.
 */
export function parseCsv(text: string): CsvTable {
  const [headings, ...rows] = records(text.replace(/^\uFEFF/, ""));
  if (!headings) throw invalidCsv("it is empty");
  const twice = headings.find((heading, index) => headings.indexOf(heading) !== index);
  if (twice !== undefined) throw invalidCsv(`the column "${twice}" is there twice`);
  // as a spreadsheet writes it where the comma is in the numbers
  if (headings.length === 1 && [headings, ...rows].every((cells) => cells.join(",").includes(";")))
    throw invalidCsv("it has one column, with semicolons in its heading. Cells are separated by commas");
  if (rows.length === 0) throw invalidCsv("it has a line of headings and no row");
  for (const [index, row] of rows.entries()) {
    if (row.length !== headings.length)
      throw invalidCsv(`row ${index + 1} has ${cellCount(row.length)}, and the line of headings ${headings.length}`);
  }
  return { headings, rows };
}

/**
 * The rows of a CSV text as objects, by what its cells look like: a column is of numbers, or of booleans, where all its cells
 * are; a number with a leading zero, such as `007`, is text. An empty cell is null, and so is `NaN` among numbers. A whole
 * number beyond 2^53 is a BigInt.
 */
export function guessedRows({ headings, rows }: CsvTable): Record<string, CsvCell>[] {
  const columns = headings.map((_, column) => guessed(rows.map((row) => row[column] ?? "")));
  return rows.map((_, row) =>
    Object.fromEntries(headings.map((name, column) => [name, columns[column]?.[row] ?? null])),
  );
}

/** Whether a text is a number as CSV has it: in digits, without a leading zero. */
export function isNumeral(cell: string): boolean {
  return /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(cell);
}

/** What pandas writes for a missing number, and nothing. */
export function isMissing(cell: string): boolean {
  return cell === "" || /^(nan|na|null)$/i.test(cell);
}

/** How many cells there are, in words. */
export function cellCount(count: number): string {
  return `${count} ${count === 1 ? "cell" : "cells"}`;
}

/** The refusal of a CSV text. @param why - The end of its sentence. */
export function invalidCsv(why: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", `The input is not valid CSV: ${why}.`);
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
    if (!match) throw invalidCsv(`a quote is wrong near ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, quotedCell, plain = "", end] = match;
    record.push(quotedCell?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (record.length > 1 || match[0] !== end) found.push(record);
    record = [];
  }
  return found;
}

function guessed(cells: readonly string[]): CsvCell[] {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => !isMissing(cell));
  if (filled.length > 0 && filled.every(isNumeral))
    return cells.map((cell) => (isMissing(cell.trim()) ? null : exactNumber(cell.trim())));
  if (filled.length > 0 && filled.every((cell) => /^(true|false)$/i.test(cell)))
    return cells.map((cell) => (isMissing(cell.trim()) ? null : cell.trim().toLowerCase() === "true"));
  return cells.map((cell) => (cell === "" ? null : cell));
}
