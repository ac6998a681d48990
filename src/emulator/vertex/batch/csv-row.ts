/** A cell of a CSV file: text where it is in double quotes, otherwise as it stands. */
export type Cell = { text: string } | { bare: string };

/**
 * The cells of one line. "Get batch predictions from a custom trained model" says that strings have to be in double
 * quotes and that no cell has a newline; a double quote in a string is doubled (RFC 4180).
 *
 * @returns Undefined when a quote is not closed, or something follows one.
 */
export function csvRow(line: string): Cell[] | undefined {
  const cell = /\s*(?:"(?<quoted>(?:[^"]|"")*)"\s*|(?<bare>[^",]*))(?<end>,|$)/y;
  const cells: Cell[] = [];
  for (;;) {
    const groups = cell.exec(line)?.groups;
    if (!groups) return undefined;
    const quoted = groups["quoted"];
    cells.push(quoted === undefined ? { bare: groups["bare"]!.trim() } : { text: quoted.replaceAll('""', '"') });
    if (groups["end"] === "") return cells;
  }
}

/** The value of a cell: what is not in double quotes is read as a floating point number; undefined where it is none. */
export function cellValue(cell: Cell): string | number | undefined {
  if ("text" in cell) return cell.text;
  const number = cell.bare === "" ? Number.NaN : Number(cell.bare);
  return Number.isFinite(number) ? number : undefined;
}
