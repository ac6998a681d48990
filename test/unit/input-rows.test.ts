import { describe, expect, expectTypeOf, it } from "vitest";

import { type PredictionInputs, predictionRows } from "../../src/index.js";

describe("inputs of predict", () => {
  it.each<[string, PredictionInputs, readonly unknown[]]>([
    ["rows", [[1, 2]], [[1, 2]]],
    ["a typed array", Float64Array.of(1, 2), [1, 2]],
    ["instances", { instances: [{ a: 1 }] }, [{ a: 1 }]],
    ["dataframe_records", { dataframe_records: [{ a: 1 }] }, [{ a: 1 }]],
    ["dataframe_split", { dataframe_split: { columns: ["a"], data: [[Number.NaN]] } }, [{ a: Number.NaN }]],
    ["pandas' split", { columns: ["a"], index: [0], data: [[1]] }, [{ a: 1 }]],
    [
      "columns",
      { a: [1, 2], b: BigInt64Array.of(3n, 4n) },
      [
        { a: 1, b: 3n },
        { a: 2, b: 4n },
      ],
    ],
    ["pandas' columns", { a: { 0: 1, 1: 2 } }, [{ a: 1 }, { a: 2 }]],
    ["inputs as rows", { inputs: [1, 2] }, [1, 2]],
    [
      "named tensors",
      {
        inputs: {
          x: [
            [1, 2],
            [3, 4],
          ],
          y: Float32Array.of(5, 6),
        },
      },
      [
        { x: [1, 2], y: 5 },
        { x: [3, 4], y: 6 },
      ],
    ],
    ["inputs of one row", { inputs: { question: "What?" } }, [{ question: "What?" }]],
    ["CSV", { csv: "a,b\n1,x\n" }, [{ a: 1, b: "x" }]],
    ["a column that is called csv", { csv: ["x", "y"] }, [{ csv: "x" }, { csv: "y" }]],
    ["a column that is called inputs", { inputs: { inputs: [1, 2] } }, [{ inputs: 1 }, { inputs: 2 }]],
  ])("are understood as %s", (_, inputs, rows) => {
    expect(predictionRows({ inputs })).toEqual(rows);
  });

  it.each<[unknown, string]>([
    [[], "inputs must have at least one row"],
    [{ instances: [] }, "inputs must have at least one row"],
    [{}, "it is an object with the keys []"],
    [null, "it is null"],
    ["rows", "it is of type string"],
    [{ instances: [1], params: { k: 1 } }, "give it beside them"],
    [{ columns: ["a"], data: [[1]], params: { k: 1 } }, "give it beside them"],
    [{ instances: [1], inputs: [1] }, 'One of "instances" and "inputs" must be specified'],
    [{ dataframe_records: [{ a: 1 }], b: [1] }, 'must be the only key of the inputs, and there are ["b"] as well'],
    [
      { a: 5.1, b: 3.5 },
      'Not all of the keys ["a","b"] have a list of cells, as columns do. One row is an array of it',
    ],
    [{ a: [1], b: [1, 2] }, 'The columns must be of the same length: "a" has 1 and "b" 2.'],
    [{ a: [1], b: { 0: 1 } }, "The columns must be all lists, or all tables of cells by their rows."],
    [{ inputs: { x: [[1]], y: [[1], [2]] } }, 'The columns must be of the same length: "x" has 1 and "y" 2.'],
  ])("are refused with what they are: %j", (inputs, message) => {
    expect(() => predictionRows({ inputs: inputs as never })).toThrow(message);
  });

  it("are checked by the compiler against the model's row in every form", () => {
    interface Row {
      a: number;
      b: string;
    }
    type Inputs = PredictionInputs<Row>;
    expectTypeOf<readonly Row[]>().toExtend<Inputs>();
    expectTypeOf<{ instances: Row[] }>().toExtend<Inputs>();
    expectTypeOf<{ a: number[]; b: string[] }>().toExtend<Inputs>();
    expectTypeOf<{ inputs: { a: Float64Array; b: string[] } }>().toExtend<Inputs>();
    expectTypeOf<{ instances: { a: string }[] }>().not.toExtend<Inputs>();
    expectTypeOf<{ a: string[]; b: string[] }>().not.toExtend<Inputs>();
  });
});
