import { markdownTable, quantity } from "./markdown-table.js";
import type { Result } from "./results.js";

const head = ["what", "ours", "peer", "", "ratio", "spread", "bar", ""];

/** The results as a table that is Markdown, too. */
export function tableOf(results: readonly Result[]): string {
  return markdownTable([head, ...results.map(cellsOf)]);
}

function cellsOf({ what, unit, ours, theirs, peer, ratio, spread, bar, met }: Result): string[] {
  const written = ratio === null ? (number: number) => quantity(number, unit) : times;
  return [
    what,
    quantity(ours, unit),
    theirs === null ? "" : quantity(theirs, unit),
    peer ?? "",
    ratio === null ? "" : times(ratio),
    `${written(spread[0])} – ${written(spread[1])}`,
    bar === null ? "" : ratio === null ? `≤ ${quantity(bar, unit)}` : times(bar),
    met === null ? "" : met ? "met" : "missed",
  ];
}

function times(number: number): string {
  return `${quantity(number, "")}×`;
}
