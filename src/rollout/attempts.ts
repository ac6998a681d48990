import type { HistoryEntry } from "../core/record.js";

/**
 * How many attempts to deploy a spec have numbers of their own; after these they begin anew. Few, since a deployed model
 * is known by trying them all where the record that counted them is lost.
 */
export const attemptNumbers = 32;

/**
 * The number of the next attempt to deploy a spec: another one than that of the attempt that failed last, so that the two
 * deployed models cannot be taken for each other. The same until that one fails, too.
 */
export function nextAttempt(history: readonly HistoryEntry[], specHash: string): number {
  const failed = history.findLast((entry) => entry.outcome === "failed" && entry.specHash === specHash);
  return failed === undefined ? 0 : ((failed.attempt ?? 0) + 1) % attemptNumbers;
}
