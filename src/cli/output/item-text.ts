import { printable } from "./printable.js";
import { pythonStr } from "./python-text.js";
import type { Table } from "./table.js";

/** One thing as MLflow's command line prints it: a line for each key, then two empty ones. */
export function itemText(item: object): string {
  return `${facts(item)
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n")}\n\n`;
}

/** The same as a table. */
export function itemTable(item: object): Table {
  return { headings: ["KEY", "VALUE"], rows: facts(item) };
}

function facts(item: object): [string, string][] {
  return Object.entries(item)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, printable(pythonStr(value))]);
}
