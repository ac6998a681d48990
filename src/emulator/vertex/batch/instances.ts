/** Turns lines of the input into what the model is sent, by the description of `BatchPredictionJob.InstanceConfig`. */
import { isObject, type JsonObject } from "../../proto/parse.js";
import { type Cell, cellValue, csvRow } from "./csv-row.js";
import type { InstanceConfig } from "./job-record.js";

/** What the output says of where a prediction comes from: the value of the key field, or the instance. */
export type Source = { key: unknown } | { instance: unknown };

/** An instance for the model, or why a line of the input is none. */
export type Input = { source: Source; instance: unknown } | { source: Source; problem: string };

/** An instance of a line of JSONL. */
export function jsonInstance(line: string, config: InstanceConfig): Input {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return { source: { instance: line }, problem: "Invalid JSON line in the input." };
  }
  const { instanceType, keyField, includedFields, excludedFields } = config;
  if (isObject(row)) return objectInstance(row, config);
  if (instanceType === "object" || keyField !== undefined || includedFields || excludedFields) {
    return { source: { instance: row }, problem: "Each line of the input must be a JSON object." };
  }
  if (instanceType === "array" && !Array.isArray(row)) {
    return { source: { instance: row }, problem: "Each line of the input must be a JSON array or object." };
  }
  return { source: { instance: row }, instance: row };
}

function objectInstance(row: JsonObject, config: InstanceConfig): Input {
  const { instanceType, keyField, includedFields, excludedFields = [] } = config;
  const needed = [...(keyField === undefined ? [] : [keyField]), ...(includedFields ?? [])];
  const missing = needed.find((field) => !Object.hasOwn(row, field));
  if (missing !== undefined) return { source: { instance: row }, problem: `The input has no field "${missing}".` };
  if (instanceType === "array" && !includedFields) {
    return {
      source: { instance: row },
      problem: "included_fields must be populated for the order of an object's fields with instance_type array.",
    };
  }
  const left = new Set(keyField === undefined ? excludedFields : [...excludedFields, keyField]);
  const fields = (includedFields ?? Object.keys(row)).filter((field) => !left.has(field));
  const instance =
    instanceType === "array"
      ? fields.map((field) => row[field])
      : Object.fromEntries(fields.map((field) => [field, row[field]]));
  // with the excluded fields, which are to be "attached to the batch prediction output"
  return { source: keyField === undefined ? { instance: row } : { key: row[keyField] }, instance };
}

/** The names of a CSV file's columns, its first line; undefined when that can't be read. */
export function csvHeader(line: string): string[] | undefined {
  return csvRow(line)?.map(columnName);
}

/** An instance of a line of CSV: its values, in the order of the columns, without that of the key. */
export function csvInstance(line: string, header: readonly string[], { keyField }: InstanceConfig): Input {
  const source = { instance: line };
  const cells = csvRow(line);
  if (!cells) return { source, problem: "Invalid CSV line in the input: a double quote is out of place." };
  if (cells.length !== header.length) {
    return { source, problem: `The CSV line has ${cells.length} values, and the header ${header.length}.` };
  }
  const values: unknown[] = [];
  let key: Source | undefined;
  for (const [index, cell] of cells.entries()) {
    const value = cellValue(cell);
    if (header[index] === keyField) {
      key = { key: value ?? columnName(cell) };
      continue;
    }
    if (value === undefined) {
      return {
        source,
        problem: `The value of column "${header[index]}" is not a number; strings must be in double quotes.`,
      };
    }
    values.push(value);
  }
  return { source: key ?? { instance: values }, instance: values };
}

function columnName(cell: Cell): string {
  return "text" in cell ? cell.text : cell.bare;
}
