import { oneLine } from "./printable.js";
import type { Style } from "./style.js";
import { fit, pad, textWidth } from "./text-width.js";

/** Rows under headings, all of text. */
export interface Table {
  headings: readonly string[];
  rows: readonly (readonly string[])[];
}

const gap = "  ";
/** A column is not made narrower than this. */
const narrowest = 6;

/**
 * A table in lines, its columns aligned.
 *
 * @param columns - The terminal's width, into which the widest columns are cut; undefined for no limit.
 */
export function tableLines(table: Table, style: Style, columns: number | undefined): string[] {
  const rows = table.rows.map((row) => row.map(oneLine));
  const natural = table.headings.map((heading, index) =>
    Math.max(textWidth(heading), ...rows.map((row) => textWidth(row[index] ?? ""))),
  );
  const widths = columns === undefined ? natural : shrink(natural, columns - gap.length * (natural.length - 1));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(fit(cell, widths[index] ?? 0), widths[index] ?? 0))
      .join(gap)
      .trimEnd();
  return [style.bold(line(table.headings)), ...rows.map(line)];
}

/** Takes from the widest column, again and again, until they fit or all are at their narrowest. */
function shrink(natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  for (let excess = widths.reduce((sum, width) => sum + width, 0) - room; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= narrowest) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
