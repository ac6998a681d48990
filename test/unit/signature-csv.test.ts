import { describe, expect, it } from "vitest";

import type { SignatureField } from "../../src/core/model.js";
import type { PredictionInputs } from "../../src/core/prediction-inputs.js";
import { rowReader } from "../../src/signature/row-reader.js";

const column = (name: string, type: string): SignatureField => ({ name, type });
const read = (csv: string, inputs: SignatureField[] | null) =>
  rowReader({ csv })({ inputs, outputs: null, params: null });

describe("a CSV text for a model whose columns are known", () => {
  it.each<[string, string, unknown]>([
    ["string", "007", "007"],
    ["string", "true", "true"],
    ["string", "NaN", "NaN"],
    ["string", " x ", " x "],
    ["long", " 9007199254740993 ", 9007199254740993n],
    ["long", "7", 7],
    ["long", "1.7", 1.7],
    ["long", "seven", "seven"],
    ["integer", "NA", null],
    ["double", "2.50", 2.5],
    ["double", "NaN", Number.NaN],
    ["double", "-inf", Number.NEGATIVE_INFINITY],
    ["float", "Infinity", Number.POSITIVE_INFINITY],
    ["double", "null", Number.NaN],
    ["float", "", Number.NaN],
    ["double", "007", "007"],
    ["boolean", "False", false],
    ["boolean", "TRUE", true],
    ["boolean", "1", "1"],
    ["datetime", "2026-11-23", "2026-11-23"],
    ["binary", "MTIz", "MTIz"],
    ["array", '"[1, 9007199254740993]"', [1, 9007199254740993n]],
    ["object", '"{""k"": null}"', { k: null }],
    ["map", '"{""k"": 1.5}"', { k: 1.5 }],
    ["string", "", null],
    ["double", "", Number.NaN],
    ["long", "", null],
  ])("has a cell of type %s as the type says: %s", (type, cell, value) => {
    expect(read(`a,b\n${cell},x\n`, [column("a", type), column("b", "string")])).toEqual([{ a: value, b: "x" }]);
  });

  it("may have them in any order, and lack some", () => {
    const inputs = [column("a", "string"), column("b", "long"), column("c", "double")];
    expect(read("b,a\n1,2\n3,4\n", inputs)).toEqual([
      { b: 1, a: "2" },
      { b: 3, a: "4" },
    ]);
  });

  it("is refused with a heading that is none of them", () => {
    expect(() => read("a,id\n1,2\n", [column("a", "long"), column("b", "long")])).toThrow(
      'The CSV has the column "id", which the model does not take. Its columns are: a, b.',
    );
  });

  it("is refused with a cell that must be JSON and is not, by row and column", () => {
    expect(() => read('a\n"[1]"\n[1\n', [column("a", "array")])).toThrow(
      'Row 2 of the CSV, column "a", is not valid JSON',
    );
  });

  it("has rows that are arrays where the columns have no names", () => {
    expect(read("x,y\n1,007\n", [{ type: "long" }, { type: "string" }])).toEqual([[1, "007"]]);
    expect(read("x,y\n1,2\n", [{ type: "tensor" }])).toEqual([[1, 2]]);
    expect(() => read("x\n1\n", [{ type: "long" }, { type: "string" }])).toThrow(
      "it has 1 columns, and the model takes 2",
    );
  });

  it("has its types guessed where there is no signature, or one of named tensors", () => {
    expect(read("x,y\n1,007\n", null)).toEqual([{ x: 1, y: "007" }]);
    expect(read("x\n1\n", [column("x", "tensor")])).toEqual([{ x: 1 }]);
  });
});

describe("inputs that are no rows", () => {
  it.each<PredictionInputs>([{ csv: "" }, { csv: "a\n" }, [], {}])(
    "are refused before a signature is asked for: %j",
    (inputs) => {
      expect(() => rowReader(inputs)).toThrow(/no row|empty|at least one row|keys/);
    },
  );
});
