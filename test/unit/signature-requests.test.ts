import { beforeAll, describe, expect, it } from "vitest";
import type { ModelSignature, SignatureField } from "../../src/core/model.js";
import { prepareRequest } from "../../src/signature/prepare-request.js";
import { runScript } from "../fixtures/serving/python.js";

const signature = (inputs: SignatureField[] | null, params: SignatureField[] | null = null): ModelSignature => ({
  inputs,
  outputs: null,
  params,
});
const column = (type: string, more: object = {}): SignatureField => ({ type, name: "c", required: true, ...more });
const tensor = (dtype: string, shape: number[]): SignatureField => ({
  type: "tensor",
  "tensor-spec": { dtype, shape },
});
const optional = { required: false };

const instances = (inputs: SignatureField[] | null, rows: unknown[]) =>
  prepareRequest(rows, undefined, signature(inputs)).instances;
const params = (specs: SignatureField[] | null, given: Record<string, unknown>) =>
  prepareRequest([[1]], given, signature([column("double")], specs)).parameters;

const far = 9007199254740993n;

/** Values of JavaScript that JSON cannot hold: what is sent for them, and what the model gets. */
const lossless: [title: string, inputs: SignatureField[], rows: unknown[], sent: unknown[], data: unknown][] = [
  [
    "NaN and infinities of a float type",
    [column("double")],
    [Number.NaN, [Number.POSITIVE_INFINITY], { c: Number.NEGATIVE_INFINITY }],
    ["NaN", ["Infinity"], { c: "-Infinity" }],
    { c: ["float64", "NaN", "Infinity", "-Infinity"] },
  ],
  [
    "BigInts of type long",
    [column("long")],
    [1n, far, -(2n ** 63n)],
    [1, "9007199254740993", "-9223372036854775808"],
    { c: ["int64", 1, "9007199254740993", "-9223372036854775808"] },
  ],
  [
    "BigInts that a double holds",
    [column("double")],
    [2n ** 60n, 10n ** 23n, 1152921504606847000n],
    [2 ** 60, 1e23, 2 ** 60],
    { c: ["float64", 2 ** 60, 1e23, 2 ** 60] },
  ],
  [
    "dates",
    [column("datetime")],
    [new Date("2026-01-31T12:00:00+02:00"), { c: new Date(0) }],
    ["2026-01-31T10:00:00.000Z", { c: "1970-01-01T00:00:00.000Z" }],
    { c: ["datetime64[ns]", "Timestamp 2026-01-31 10:00:00", "Timestamp 1970-01-01 00:00:00"] },
  ],
  [
    "bytes",
    [column("binary")],
    [Buffer.from("ab"), { c: new Uint8Array([97, 98]) }, [new Uint8Array([97, 98]).buffer]],
    ["YWI=", { c: "YWI=" }, ["YWI="]],
    { c: ["object", "bytes b'ab'", "bytes b'ab'", "bytes b'ab'"] },
  ],
  [
    "typed arrays for a column of arrays",
    [column("array", { items: { type: "float" } }), column("array", { items: { type: "long" }, name: "d" })],
    [[Float32Array.of(0.5, Number.NaN), BigInt64Array.of(far)]],
    [[[0.5, "NaN"], ["9007199254740993"]]],
    {
      c: ["object", { array: "float32", shape: [2], values: [0.5, "NaN"] }],
      d: ["object", ["9007199254740993"]],
    },
  ],
  [
    "a typed array as a row",
    [column("double"), column("float", { name: "d" })],
    [Float64Array.of(1.5, Number.POSITIVE_INFINITY)],
    [[1.5, "Infinity"]],
    { c: ["float64", 1.5], d: ["float32", "Infinity"] },
  ],
  [
    "typed arrays for tensors",
    [tensor("float64", [-1, 2])],
    [Float64Array.of(1, Number.NaN), [2, 3]],
    [
      [1, "NaN"],
      [2, 3],
    ],
    {
      array: "float64",
      shape: [2, 2],
      values: [
        [1, "NaN"],
        [2, 3],
      ],
    },
  ],
  [
    "64-bit integers of a tensor",
    [tensor("uint64", [-1, 2])],
    [[1, far], BigUint64Array.of(2n ** 64n - 1n, 0n)],
    [
      [1, "9007199254740993"],
      ["18446744073709551615", 0],
    ],
    {
      array: "uint64",
      shape: [2, 2],
      values: [
        [1, "9007199254740993"],
        ["18446744073709551615", 0],
      ],
    },
  ],
  [
    "an undefined property of an optional column, as an absent one, which beside rows that have it is null",
    [column("double", optional), column("string", { name: "d" })],
    [{ c: undefined, d: "x" }, [undefined, "y"]],
    [{ c: null, d: "x" }, [null, "y"]],
    { c: ["float64", "NaN", "NaN"], d: ["str", "x", "y"] },
  ],
  [
    "nested values",
    [
      column("object", { properties: { at: { type: "datetime" }, ids: { type: "array", items: { type: "long" } } } }),
      column("map", { name: "d", values: { type: "double" } }),
    ],
    [{ c: { at: new Date(0), ids: [1n, far] }, d: { x: Number.NaN, y: undefined } }],
    [{ c: { at: "1970-01-01T00:00:00.000Z", ids: [1, "9007199254740993"] }, d: { x: "NaN" } }],
    {
      c: ["object", { at: "Timestamp 1970-01-01 00:00:00", ids: [1, "9007199254740993"] }],
      d: ["object", { x: "float64 nan" }],
    },
  ],
];

describe("what JSON cannot hold", () => {
  let outcomes: unknown[];
  beforeAll(async () => {
    const cases = lossless.map(([, inputs, rows]) => ({
      inputs,
      params: null,
      instances: JSON.stringify(instances(inputs, rows)),
      parameters: "{}",
    }));
    outcomes = (await runScript("decode_cases.py", cases)) as unknown[];
  }, 60_000);

  it.each(lossless)("is sent and read without loss: %s", (title, inputs, rows, sent, data) => {
    expect(instances(inputs, rows)).toEqual(sent);
    expect(outcomes[lossless.findIndex(([each]) => each === title)]).toEqual({ data, params: {} });
  });

  const refusals: [inputs: SignatureField[], value: unknown, problem: string][] = [
    [[column("long")], Number.NaN, "expected long, got NaN"],
    [[column("long")], Number.POSITIVE_INFINITY, "expected long, got number Infinity"],
    [
      [column("long")],
      2n ** 63n,
      "expected long (from -9223372036854775808 to 9223372036854775807), got number 9223372036854775808",
    ],
    [
      [column("long")],
      2 ** 53,
      "expected long, got number 9007199254740992, whose last digits a double cannot hold; send its digits as a string",
    ],
    [[column("integer")], far, "expected integer (from -2147483648 to 2147483647), got number 9007199254740993"],
    [[column("double")], far, "expected double, got number 9007199254740993, whose last digits a double cannot hold"],
    [[column("string")], far, "expected string, got number 9007199254740993"],
    [[column("string")], undefined, "expected string, got undefined"],
    [[column("double")], new Map(), "expected double, got a Map"],
    [[column("double")], new Date(0), "expected double, got a date in 1970"],
    [[column("string")], Buffer.from("ab"), "expected string, got a Buffer of 2 values"],
    [
      [column("datetime")],
      new Date(Number.NaN),
      'expected datetime (an ISO 8601 string, as "2026-01-31T12:00:00"), got an invalid date',
    ],
    [
      [column("datetime")],
      new Date("1500-01-01"),
      'expected datetime, got string "1500-01-01T00:00:00.000Z": no such time, or outside the years 1678 to 2261',
    ],
    [
      [column("any")],
      Number.NaN,
      "got NaN, which JSON cannot hold, and the model's signature does not say what it is. Send null for a missing number.",
    ],
    [
      [column("any")],
      { x: [far] },
      "got the BigInt 9007199254740993, which JSON cannot hold, and the model's signature does not say what it is. Send its digits as a string if the model takes that.",
    ],
  ];
  it.each(refusals)("is refused where its type has no form for it: %j, %s", (inputs, value, problem) => {
    expect(() => instances(inputs, [[value]])).toThrow(
      expect.objectContaining({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringMatching(/^instances\[0\]: column "c"/) as string,
      }),
    );
    expect(() => instances(inputs, [[value]])).toThrow(`: ${problem}`);
  });
});

describe("rows that need no change", () => {
  it("are passed on as they are, beside others that are copied", () => {
    const rows = [[1, "a"], { c: 2, d: "b" }, [Number.NaN, "c"], { c: 3n, d: "d" }];
    const before = structuredClone(rows);
    const sent = instances([column("double"), column("string", { name: "d" })], rows);
    expect(sent).toEqual([[1, "a"], { c: 2, d: "b" }, ["NaN", "c"], { c: 3, d: "d" }]);
    expect([sent[0] === rows[0], sent[1] === rows[1]]).toEqual([true, true]);
    expect(rows).toEqual(before);
  });

  it("are not changed where something nested in them is", () => {
    const rows = [{ c: [[Number.NaN]], d: { x: [far] } }];
    const before = structuredClone(rows);
    const inputs = [
      column("array", { items: { type: "array", items: { type: "double" } } }),
      column("map", { name: "d", values: { type: "array", items: { type: "long" } } }),
    ];
    expect(instances(inputs, rows)).toEqual([{ c: [["NaN"]], d: { x: ["9007199254740993"] } }]);
    expect(instances(null, [[[1n]], [[2]]])).toEqual([[[1]], [[2]]]);
    expect(rows).toEqual(before);
  });

  it("may have names that objects inherit", () => {
    const inputs = ["constructor", "__proto__"].map((name) =>
      column("double", { name, required: name !== "constructor" }),
    );
    const row = JSON.parse('{"__proto__":1}') as object;
    expect(instances(inputs, [row])).toEqual([row]);
    const [sent] = instances(inputs, [Object.defineProperty({}, "__proto__", { value: 1n, enumerable: true })]);
    expect(JSON.stringify(sent)).toBe('{"__proto__":1}');
  });
});

describe("a model whose inputs are not known", () => {
  const types: [why: string, signature: ModelSignature | null][] = [
    ["none is given", null],
    ["it has no inputs", signature(null)],
    ["it has a type that a newer MLflow has", signature([column("double"), column("decimal", { name: "d" })])],
    ["it has an element type that is not known", signature([tensor("complex128", [-1])])],
  ];
  it.each(types)("takes all that JSON holds, and integers beyond 2^53, where %s", (_, known) => {
    const rows = [{ a: [1, null, "x"] }, [1n, far], Float32Array.of(0.5), new Date(0)];
    const prepared = prepareRequest(rows, { k: far }, known && { ...known, params: [column("decimal")] });
    expect(prepared).toEqual({
      instances: [{ a: [1, null, "x"] }, [1, far], [0.5], "1970-01-01T00:00:00.000Z"],
      parameters: { k: far },
      splittable: true,
    });
    expect(prepared.instances[0]).toBe(rows[0]);
  });

  const untyped = "which JSON cannot hold, and no signature says what it is.";
  const circular: unknown[] = [];
  circular.push(circular);
  const refusals: [message: string, row: unknown][] = [
    [`instances[0]["a"][1]: got NaN, ${untyped} Send null for a missing number.`, { a: [0, Number.NaN] }],
    [`instances[0][0]: got -Infinity, ${untyped} Send null for a missing number.`, [Number.NEGATIVE_INFINITY]],
    [`instances[0][0]: got undefined, ${untyped} Send null for a missing value.`, [undefined]],
    [
      `instances[0]: got a Buffer of 2 values, ${untyped} Send its text in base64, by toString("base64").`,
      Buffer.from("ab"),
    ],
    [`instances[0][0]: got a Set, ${untyped} Send arrays and plain objects.`, [new Set()]],
    [`instances[0][0]: got an object that holds itself, ${untyped} Send data only.`, circular],
  ];
  it.each(refusals.map(([message]) => message))("refuses what JSON does not hold: %s", (message) => {
    const [, row] = refusals.find(([each]) => each === message)!;
    expect(() => instances(null, [row])).toThrow(message);
  });
});

describe("splitting", () => {
  it("is for all models but those whose tensor has a fixed first dimension", () => {
    const splittable = (inputs: SignatureField[], rows: unknown[]) =>
      prepareRequest(rows, undefined, signature(inputs)).splittable;
    expect(splittable([column("double")], [1, 2])).toBe(true);
    expect(splittable([tensor("float64", [-1])], [1, 2])).toBe(true);
    expect(splittable([tensor("float64", [2])], [1, 2])).toBe(false);
  });
});

describe("parameters", () => {
  const specs = [
    { name: "top_k", type: "long", default: 2, shape: null },
    { name: "weights", type: "double", default: [1], shape: [-1] },
    { name: "since", type: "datetime", default: "2020-01-01T00:00:00", shape: null },
  ];

  it("are written as rows are", () => {
    expect(params(specs, { top_k: far, weights: Float64Array.of(Number.NaN), since: new Date(0) })).toEqual({
      top_k: "9007199254740993",
      weights: ["NaN"],
      since: "1970-01-01T00:00:00.000Z",
    });
    expect(params(specs, { top_k: undefined })).toEqual({});
    expect(prepareRequest([1], undefined, signature([column("double")], specs)).parameters).toBeUndefined();
  });

  it("are refused in the runtime's words", () => {
    expect(() => params(specs, { topk: 1 })).toThrow(
      'parameters: the model does not take "topk"; it takes "top_k", "weights", "since"',
    );
    expect(() => params(specs, { weights: [0, "a"] })).toThrow(
      'parameters: "weights"[1]: expected double, got string "a"',
    );
    expect(() => params(null, { top_k: 1 })).toThrow(
      'parameters: the model does not take "top_k"; its signature has no params',
    );
  });
});

it("lets a row lack a whole number that another has only where the model gets each row by itself", () => {
  const inputs = [column("string", { name: "text" }), column("long", optional)];
  const rows = [{ text: "a" }, { text: "b", c: 1 }];
  expect(() => instances(inputs, rows)).toThrow('instances[0]: column "c": MLflow cannot mix null and numbers');
  expect(prepareRequest(rows, undefined, { ...signature(inputs), rowByRow: true }).instances).toEqual(rows);
});

it("has an optional column in every row or in none, so that each part of a split request is read as the whole", () => {
  const inputs = [
    column("string", { name: "text" }),
    column("double", optional),
    column("double", { name: "__proto__", ...optional }),
  ];
  const rows = [{ text: "a" }, JSON.parse('{"text":"b","c":1,"__proto__":2}') as object, { text: "c", c: null }];
  expect(instances(inputs, rows).map((row) => JSON.stringify(row))).toEqual([
    '{"text":"a","c":null,"__proto__":null}',
    '{"text":"b","c":1,"__proto__":2}',
    '{"text":"c","c":null,"__proto__":null}',
  ]);
  expect(instances(inputs, [{ text: "a" }, { text: "b" }])).toEqual([{ text: "a" }, { text: "b" }]);
  expect(rows[0]).toEqual({ text: "a" });
  expect(prepareRequest(rows, undefined, { ...signature(inputs), rowByRow: true }).instances).toEqual(rows);
});
