/** A Markdown table of cells, the head first, whose columns are as wide as what is in them. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll("|", String.raw`\|`)));
  const widths = head.map((_, column) => Math.max(...escaped.map((cells) => cells[column]?.length ?? 0)));
  const lines = escaped.map((cells) => {
    return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  });
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** A number with the three digits that matter, and its unit. */
export function quantity(number: number, unit: string): string {
  const digits = Math.abs(number) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return `${number.toLocaleString("en", digits)} ${unit}`.trim();
}
