import type { DeploymentRecord, HistoryEntry } from "../core/record.js";

/** Entries that a record keeps, the newest: it is read and written with each step of a call. */
const longestHistory = 100;

/** The record with one more entry in its history; the oldest go where it gets too long. */
export function withHistory(record: DeploymentRecord, entry: HistoryEntry): DeploymentRecord {
  return { ...record, history: [...record.history, entry].slice(-longestHistory) };
}
