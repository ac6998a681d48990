import { markdownTable, quantity } from "../markdown-table.js";
import type { Series } from "./series.js";

/** A series as a table that is Markdown, too, with what was left out below it. */
export function growthTable({ title, of, sizes, unit, lines, notes = [] }: Series): string {
  const head = [`${title}, by ${of}`, ...sizes.map((size) => size.toLocaleString("en"))];
  const cells = lines.map(({ name, values }) => [
    name,
    ...values.map((value) => (value === null ? "–" : quantity(value, unit))),
  ]);
  return [markdownTable([head, ...cells]), ...notes].join("\n\n");
}
