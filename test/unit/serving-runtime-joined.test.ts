import { beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../fixtures/serving/python.js";

/** By case the waves of requests: the answers, and the numbers of rows that the model was called with. */
let waves: Record<string, unknown>;
beforeAll(async () => {
  waves = (await runScript("joined_cases.py", null)) as typeof waves;
}, 60_000);

describe("requests share a call of the model", () => {
  it("when other numbers of rows have got as many items", () => {
    expect(waves["an item for each"]).toEqual([
      [[[1, 2]], [2]],
      [
        [
          [3, 4],
          [5, 6],
        ],
        [4],
      ],
      [[[7], [8]], [2]],
    ]);
  });

  it("not when it may be chance that the number was right", () => {
    expect(waves["only one number of rows seen"]).toEqual([
      [[[1, 2]], [2]],
      [
        [[3], [4]],
        [1, 1],
      ],
      [[[5], [6]], [2]],
    ]);
  });

  it("never of a model with two outputs, which would give each request what is about both", () => {
    expect(waves["two outputs"]).toEqual([
      [
        [
          [
            [1, 2],
            [-1, -2],
          ],
        ],
        [2],
      ],
      [
        [
          [[3], [-3]],
          [[4], [-4]],
        ],
        [1, 1],
      ],
      "one by one",
    ]);
  });

  it("no more of a model that fails only for several, whose requests would each cost two calls", () => {
    expect(waves["few rows"]).toEqual([
      [[[1, 2]], [2]],
      [
        [
          [3, 4],
          [5, 6],
        ],
        [4, 2, 2],
      ],
      "one by one",
    ]);
  });
});
