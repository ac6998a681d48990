import { describe, expect, it } from "vitest";

import { sameSplit, splitWith } from "../../src/rollout/traffic-split.js";

describe("a traffic split", () => {
  it.each<[string, Record<string, number>, string | null, number, Record<string, number> | null]>([
    ["all for one", { a: 60, b: 40 }, "c", 100, { a: 0, b: 0, c: 100 }],
    ["the rest in the others' proportions", { a: 60, b: 40 }, "c", 50, { a: 30, b: 20, c: 50 }],
    ["whole numbers that add up", { a: 1, b: 1, d: 1 }, "c", 0, { a: 34, b: 33, d: 33, c: 0 }],
    ["evenly where the others have none", { a: 0, b: 0 }, null, 0, { a: 50, b: 50 }],
    ["what is left to the largest fraction", { a: 33, b: 67 }, "c", 1, { a: 33, b: 66, c: 1 }],
    ["nobody for the rest", {}, "c", 50, null],
    ["nobody, and no rest", {}, "c", 100, { c: 100 }],
  ])("gives %s", (_what, others, own, percent, expected) => {
    const split = splitWith(others, own, percent);
    expect(split).toEqual(expected);
  });

  it("always adds up to 100 and is never negative, whatever the shares", () => {
    for (let first = 0; first <= 100; first += 7) {
      for (let percent = 0; percent <= 100; percent += 3) {
        const split = splitWith({ a: first, b: 100 - first, c: 0 }, "own", percent)!;
        expect(Object.values(split).reduce((sum, share) => sum + share, 0)).toBe(100);
        expect(Math.min(...Object.values(split))).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it("is the same whether those without a share are named or not", () => {
    expect(sameSplit({ a: 100, b: 0 }, { a: 100 })).toBe(true);
    expect(sameSplit({ a: 99, b: 1 }, { a: 100 })).toBe(false);
  });
});
