import type { Result } from "./results.js";

const head = ["what", "ours", "peer", "", "ratio", "spread", "bar", ""];

/** The results as a table that is Markdown, too. */
export function tableOf(results: readonly Result[]): string {
  const lines = [head, ...results.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const written = lines.map(
    (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [written[0], rule, ...written.slice(1)].join("\n");
}

function cellsOf({ what, unit, ours, theirs, peer, ratio, spread, bar, met }: Result): string[] {
  const withUnit = (number: number) => `${digits(number)} ${unit}`.trim();
  const written = ratio === null ? withUnit : times;
  return [
    what,
    withUnit(ours),
    theirs === null ? "" : withUnit(theirs),
    (peer ?? "").replaceAll("|", String.raw`\|`),
    ratio === null ? "" : times(ratio),
    `${written(spread[0])} – ${written(spread[1])}`,
    bar === null ? "" : ratio === null ? `≤ ${withUnit(bar)}` : times(bar),
    met === null ? "" : met ? "met" : "missed",
  ];
}

function times(number: number): string {
  return `${digits(number)}×`;
}

/** Three digits that matter. */
function digits(number: number): string {
  return number.toLocaleString(
    "en",
    Math.abs(number) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}
