import type { Numbers, Row } from "./measurement.js";
import { median } from "./statistics.js";

/** What every contender gave in each round. */
export type Rounds = Record<string, Numbers>[];

/** A line of the table with what was measured. */
export interface Result extends Row {
  /** The median of the rounds. */
  ours: number;
  /** The peer's median, or null for a number that stands alone. */
  theirs: number | null;
  /** How many times better, the median of the rounds' own ratios; null for a number that stands alone. */
  ratio: number | null;
  /** The worst and the best of the rounds' ratios, or of their numbers where there is no peer. */
  spread: [number, number];
  /** Null where there is no bar. */
  met: boolean | null;
}

/** What a row comes to. Null where a number could not be measured on this machine. */
export function resultOf(row: Row, rounds: Rounds): Result | null {
  const ours = numbersOf("ours", row, rounds);
  const theirs = row.peer === null ? null : numbersOf(row.peer, row, rounds);
  if ([...ours, ...(theirs ?? [])].some((number) => number === undefined)) return null;
  return compare(row, ours as number[], theirs as number[] | null);
}

function numbersOf(contender: string, { metric }: Row, rounds: Rounds): (number | undefined)[] {
  return rounds.map((round) => round[contender]?.[metric]);
}

function compare(row: Row, ours: number[], theirs: number[] | null): Result {
  const ratios = theirs?.map((number, round) => {
    const own = ours[round] ?? NaN;
    return row.better === "higher" ? own / number : number / own;
  });
  const compared = ratios ?? ours;
  const middle = median(compared);
  return {
    ...row,
    ours: median(ours),
    theirs: theirs && median(theirs),
    ratio: ratios ? middle : null,
    spread: [Math.min(...compared), Math.max(...compared)],
    met: row.bar === null ? null : ratios ? middle >= row.bar : middle <= row.bar,
  };
}
