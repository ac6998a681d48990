import { describe, expect, it } from "vitest";

import { PredictionsResponse } from "../../src/index.js";

const response = (predictions: unknown[], more: object = {}) => new PredictionsResponse({ predictions, ...more });

describe("PredictionsResponse.fromJSON", () => {
  it.each([
    ["", /^Predictions response contents are not valid JSON\.$/],
    ["{'predictions': [1]}", /^Predictions response contents are not valid JSON\.$/],
    ["[1]", /^Invalid response. Predictions response contents must be a dictionary .* Instead, received: \[1\]$/],
    ["null", /containing a 'predictions' field. Instead, received: null$/],
    ['"predictions"', /Instead, received: "predictions"$/],
    ['{"error": 1}', /Instead, received: \{"error": 1\}$/],
    ['{"predictions": 3}', /^Invalid response. The field 'predictions' must be a list\.$/],
  ])("refuses %j", (text, message) => {
    expect(() => PredictionsResponse.fromJSON(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("shows no more than the beginning of what it refuses", () => {
    expect(() => PredictionsResponse.fromJSON(JSON.stringify("x".repeat(10_000)))).toThrow(/^.{0,400}$/);
  });

  it("reads what JSON.stringify makes of one, with the keys that are not known here", () => {
    const made = response([1, 2], { modelVersionId: "3", trace: { id: "t" } });
    const text = JSON.stringify(made);
    expect(text).toBe('{"predictions":[1,2],"modelVersionId":"3","trace":{"id":"t"}}');
    const read = PredictionsResponse.fromJSON(text);
    expect(read).toEqual(made);
    expect(read).toMatchObject({ modelVersionId: "3", deployedModelId: null, trace: { id: "t" } });
  });

  it("keeps its methods, and its kind, whatever keys a server sends", () => {
    const text = '{"predictions":[1],"rows":"r","toJSON":1,"constructor":2,"__proto__":{"columns":3}}';
    const read = PredictionsResponse.fromJSON(text);
    expect(read).toBeInstanceOf(PredictionsResponse);
    expect(read.rows()).toEqual([[1]]);
    expect(read.columns()).toEqual({ "0": [1] });
    expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(text));
  });
});

describe("rows and columns", () => {
  it.each([
    ["scalars", [1, "a", null], [[1], ["a"], [null]], { "0": [1, "a", null] }],
    [
      "arrays",
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      { "0": [1, 3], "1": [2, 4] },
    ],
    [
      "objects, whatever the order of their keys",
      [
        { a: 1, b: 2 },
        { b: 4, a: 3 },
      ],
      [
        [1, 2],
        [3, 4],
      ],
      { a: [1, 3], b: [2, 4] },
    ],
    [
      "rows that lack a cell",
      [{ a: 1 }, { b: 2 }],
      [
        [1, null],
        [null, 2],
      ],
      { a: [1, null], b: [null, 2] },
    ],
    ["nothing", [], [], {}],
  ])("are those of %s", (_, predictions, rows, columns) => {
    expect(response(predictions).rows()).toEqual(rows);
    expect(response(predictions).columns()).toEqual(columns);
  });
});

describe("typedArray", () => {
  it("is of float64 in row-major order, with its shape, and has NaN for null", () => {
    const { data, shape } = response([
      [1, 2.5],
      [null, true],
    ]).typedArray();
    expect(data).toEqual(Float64Array.of(1, 2.5, Number.NaN, 1));
    expect(shape).toEqual([2, 2]);
  });

  it.each([
    ["int64", [1, 2], BigInt64Array.of(1n, 2n)],
    ["uint64", [1n], BigUint64Array.of(1n)],
    ["int32", [-1, false], Int32Array.of(-1, 0)],
    ["uint8", [255], Uint8Array.of(255)],
    ["float32", [0.5], Float32Array.of(0.5)],
  ] as const)("is of %s where that is asked for", (type, predictions, data) => {
    expect(response([...predictions]).typedArray(type)).toEqual({ data, shape: [predictions.length] });
  });

  it("has the shape of what is nested deeper, and of nothing", () => {
    expect(response([[[1], [2]]]).typedArray().shape).toEqual([1, 2, 1]);
    expect(response([]).typedArray()).toEqual({ data: new Float64Array(), shape: [0] });
  });

  const deep = JSON.parse(`${"[".repeat(20_000)}1${"]".repeat(20_000)}`) as unknown[];
  it.each([
    ["dataframe", [1], /^Unrecognized predictions format: 'dataframe'\. The types are: float64, /],
    ["float64", ["a"], /^predictions\[0\] is "a", which is no number of the type float64/],
    ["float64", [{ a: 1 }], /^predictions\[0\] is \{"a":1\}/],
    ["float64", [undefined], /^predictions\[0\] is nothing/],
    ["float64", [[1], [2, 3]], /^predictions\[1\] is no array of 1 elements/],
    ["float64", [[1], 2], /^predictions\[1\] is no array of 1 elements/],
    ["int32", [null], /^predictions\[0\] is null/],
    ["int32", [1.5], /^predictions\[0\] is 1.5, which the type int32 cannot hold/],
    ["int8", [128], /cannot hold/],
    ["uint8", [-1], /cannot hold/],
    ["int64", [2 ** 63], /cannot hold/],
    ["float64", [Array.from({ length: 100_000 }, () => 0), ...Array.from({ length: 100_000 }, () => 0)], /no array of/],
    ["float64", deep, /more than 64 dimensions/],
  ])("of %s is refused for what does not fit: %#", (type, predictions, message) => {
    expect(() => response(predictions).typedArray(type as "float64")).toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE", message: expect.stringMatching(message) }),
    );
  });
});

describe("an integer beyond 2^53 in a response", () => {
  const response = PredictionsResponse.fromJSON('{"predictions": [[9007199254740993, "x"], {"a": -9007199254740993}]}');

  it("is a BigInt, in rows and in columns", () => {
    expect(response.predictions).toEqual([[9007199254740993n, "x"], { a: -9007199254740993n }]);
    expect(response.columns()["0"]?.[0]).toBe(9007199254740993n);
  });

  it("is the text of its digits in JSON.stringify, which takes no BigInt", () => {
    expect(JSON.stringify(response)).toBe('{"predictions":[["9007199254740993","x"],{"a":"-9007199254740993"}]}');
    expect(response.content()["predictions"]).toBe(response.predictions);
  });
});
