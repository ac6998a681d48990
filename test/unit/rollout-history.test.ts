import { describe, expect, it } from "vitest";

import type { HistoryEntry } from "../../src/core/record.js";
import { withHistory } from "../../src/rollout/history.js";
import { newRecord } from "../../src/rollout/new-record.js";

const entry = (number: number): HistoryEntry => ({
  at: new Date(number * 1000).toISOString(),
  action: "update",
  outcome: "succeeded",
  specHash: String(number),
  modelUri: "models:/iris/1",
  modelVersionId: null,
});
const entries = (count: number) => Array.from({ length: count }, (_, index) => entry(index));

describe("a record's history", () => {
  it("gets the new entry last, and the record it was made from stays as it was", () => {
    const record = { ...newRecord("iris"), attempt: 2, history: [entry(1)] };
    expect(withHistory(record, entry(2))).toEqual({ ...record, history: [entry(1), entry(2)] });
    expect(record.history).toEqual([entry(1)]);
  });

  it("keeps the newest hundred entries", () => {
    const record = { ...newRecord("iris"), history: entries(100) };
    const { history } = withHistory(record, entry(100));
    expect(history).toEqual(entries(101).slice(1));
  });

  it("that an earlier version let grow is cut by the next entry", () => {
    const record = { ...newRecord("iris"), history: entries(250) };
    expect(withHistory(record, entry(250)).history).toEqual(entries(251).slice(151));
  });
});
