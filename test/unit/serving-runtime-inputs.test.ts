import { beforeAll, describe, expect, it } from "vitest";
import type { SignatureField } from "../../src/core/model.js";
import { askClient, clientDiffers, type DecodeCase } from "../fixtures/serving/ask-client.js";
import { runScript } from "../fixtures/serving/python.js";

/** Schemas as MLmodel files have them. */
type Spec = SignatureField;

type Outcome = { data: unknown; params: unknown } | { refused: string } | { unknown: string };

const column = (type: string, name?: string, more: object = {}): Spec => ({
  type,
  ...(name !== undefined && { name }),
  ...more,
});
const optional = { required: false };
const one = (type: string, more: object = {}): Spec[] => [column(type, "c", more)];
const tensor = (dtype: string, shape: number[], name?: string): Spec => ({
  type: "tensor",
  ...(name !== undefined && { name }),
  "tensor-spec": { dtype, shape },
});

const cases: DecodeCase[] = [];
let outcomes: Outcome[] = [];
beforeAll(async () => {
  outcomes = (await runScript("decode_cases.py", cases)) as Outcome[];
}, 60_000);

/** Checks what the runtime does, and that the client lets the same requests through, with the same refusals. */
function check(title: string, tested: DecodeCase, expected: Outcome): void {
  const index = cases.push(tested) - 1;
  it.for([title])("%s", () => expect(outcomes[index]).toEqual(expected));
  if (tested.inputs === null || clientDiffers(tested)) return;
  const { refused, sent } = askClient(tested);
  it.for([title])("%s, says the client", () =>
    expect(refused).toBe("refused" in expected ? expected.refused : undefined),
  );
  if (!sent) return;
  const sentIndex = cases.push(sent) - 1;
  it.for([title])("%s, as the client sends it", () => expect(outcomes[sentIndex]).toEqual(expected));
}

/** A request that must become `data`, and pass MLflow's own enforcement as it is. */
function takes(inputs: Spec[] | null, instances: string, data: unknown): void {
  const title = `takes ${instances} for ${inputs === null ? "no signature" : describeSpecs(inputs)}`;
  check(title, { inputs, params: null, instances, parameters: "{}" }, { data, params: {} });
}

function refuses(inputs: Spec[] | null, instances: string, refused: string): void {
  const title = `refuses ${instances} for ${inputs === null ? "no signature" : describeSpecs(inputs)}`;
  check(title, { inputs, params: null, instances, parameters: "{}" }, { refused });
}

function describeSpecs(specs: Spec[]): string {
  return JSON.stringify(specs).replaceAll('"', "");
}

describe("rows for a column signature", () => {
  const two = [column("double", "a"), column("long", "b")];
  const both = { a: ["float64", 1, 1.5], b: ["int64", 2, 3] };
  takes(two, "[[1,2],[1.5,3.0]]", both);
  takes(two, '[{"b":2,"a":1},{"a":1.5,"b":3.0}]', both);
  takes(two, '[[1,2],{"b":3,"a":1.5}]', both);
  refuses(two, "[[1,2],[1]]", 'instances[1]: expected an array of 2 values (for "a", "b") or an object, got 1 value');
  refuses(two, "[7]", 'instances[0]: expected an array of 2 values (for "a", "b") or an object, got number 7');
  refuses(two, '[[1,2],{"a":1,"b":2,"z":0}]', 'instances[1]: unknown column "z"; the model\'s columns are "a", "b"');
  refuses(two, '[{"a":1}]', 'instances[0]: missing column "b"');
  refuses(two, '[[1,2],[1,"abc"]]', 'instances[1]: column "b": expected long, got string "abc"');

  check(
    "serves no two columns of one name, of which MLflow cannot enforce the types, and the last would be both",
    { inputs: [column("double", "a"), column("double", "a")], params: null, instances: "[[1,2]]", parameters: "{}" },
    { unknown: 'the signature has two columns of the same name: "a"' },
  );

  takes([column("double"), column("long")], "[[1,2]]", { "0": ["float64", 1], "1": ["int64", 2] });
  refuses(
    [column("double"), column("long")],
    '[{"0":1,"1":2}]',
    "instances[0]: expected an array of 2 values, got an object",
  );

  takes(one("double"), "[1,2]", { c: ["float64", 1, 2] });
  takes(one("double"), "[[1],[2]]", { c: ["float64", 1, 2] });
  takes([column("string")], '["a","b"]', { "0": ["str", "a", "b"] });
  refuses(
    one("string"),
    "[[1,2],[3,4]]",
    'instances[0]: expected an array of 1 value (for "c") or an object, got 2 values',
  );
});

describe("column types", () => {
  takes(one("boolean"), "[true,false]", { c: ["bool", true, false] });
  refuses(
    one("boolean"),
    '["false"]',
    'instances[0]: column "c": expected boolean (true or false), got string "false"',
  );
  refuses(one("boolean"), "[1]", 'instances[0]: column "c": expected boolean (true or false), got number 1');

  takes(one("integer"), "[-2147483648,2147483647.0]", { c: ["int32", -2147483648, 2147483647] });
  refuses(
    one("integer"),
    "[2147483648]",
    'instances[0]: column "c": expected integer (from -2147483648 to 2147483647), got number 2147483648',
  );
  refuses(one("long"), "[1.7]", 'instances[0]: column "c": expected long, got number 1.7');
  refuses(one("long"), "[true]", 'instances[0]: column "c": expected long, got boolean true');
  refuses(one("long"), '["1"]', 'instances[0]: column "c": expected long, got string "1"');
  refuses(
    one("long"),
    "[9223372036854775808]",
    'instances[0]: column "c": expected long (from -9223372036854775808 to 9223372036854775807), got number 9223372036854775808',
  );
  refuses(
    one("long"),
    "[9.3e15]",
    'instances[0]: column "c": expected long, got number 9300000000000000, whose last digits a double cannot hold; send its digits as a string',
  );

  takes(one("float"), "[1,0.5]", { c: ["float32", 1, 0.5] });
  const far = "9007199254740993";
  takes(one("long"), `[${far},"${far}","-9223372036854775808"]`, {
    c: ["int64", far, far, "-9223372036854775808"],
  });
  refuses(
    one("long"),
    '["9007199254740991"]',
    'instances[0]: column "c": expected long, got string "9007199254740991"',
  );
  refuses(
    one("long"),
    '["09007199254740993"]',
    'instances[0]: column "c": expected long, got string "09007199254740993"',
  );
  refuses(
    one("long"),
    '["9223372036854775808"]',
    'instances[0]: column "c": expected long (from -9223372036854775808 to 9223372036854775807), got string "9223372036854775808"',
  );
  // 2^53 may have been 2^53 + 1 before it became a double
  refuses(
    one("long"),
    "[9007199254740992.0]",
    'instances[0]: column "c": expected long, got number 9007199254740992, whose last digits a double cannot hold; send its digits as a string',
  );
  refuses(one("integer"), `["${far}"]`, `instances[0]: column "c": expected integer, got string "${far}"`);

  takes(one("double"), '["NaN","Infinity","-Infinity"]', { c: ["float64", "NaN", "Infinity", "-Infinity"] });
  // 2^60 is so in digits, and so as JavaScript writes it
  takes(one("double"), "[1152921504606846976,1152921504606847000,1e23,100000000000000000000000]", {
    c: ["float64", 2 ** 60, 2 ** 60, 1e23, 1e23],
  });
  refuses(
    one("double"),
    `[${far}]`,
    'instances[0]: column "c": expected double, got number 9007199254740993, whose last digits a double cannot hold',
  );
  takes(one("float"), '["NaN","Infinity","-Infinity"]', { c: ["float32", "NaN", "Infinity", "-Infinity"] });
  for (const text of ["nan", "inf", "+Infinity", "1"]) {
    refuses(one("double"), `["${text}"]`, `instances[0]: column "c": expected double, got string "${text}"`);
  }
  refuses(
    one("float"),
    "[1e39]",
    'instances[0]: column "c": expected float (of at most 3.40282e+38), got number 1e+39',
  );
  refuses(
    one("double"),
    "[1e999]",
    'instances[0]: column "c": expected double (of at most 1.79769e+308), got a number beyond the range of a double',
  );
  refuses(one("double"), "[false]", 'instances[0]: column "c": expected double, got boolean false');

  refuses(one("string"), "[1]", 'instances[0]: column "c": expected string, got number 1');
  takes(one("binary"), '["YWI=",[{"b64":"YWI="}],{"b64":"YWI="}]', {
    c: ["object", "bytes b'ab'", "bytes b'ab'", "bytes b'ab'"],
  });
  refuses(one("binary"), '["not base64!"]', 'instances[0]: column "c": expected binary as base64, got "not base64!"');

  takes(one("datetime"), '["2026-01-31","2026-01-31T12:00:00+02:00","2026-01-31T10:00:00.25Z"]', {
    c: [
      "datetime64[ns]",
      "Timestamp 2026-01-31 00:00:00",
      "Timestamp 2026-01-31 10:00:00",
      "Timestamp 2026-01-31 10:00:00.250000",
    ],
  });
  const iso = 'expected datetime (an ISO 8601 string, as "2026-01-31T12:00:00")';
  refuses(one("datetime"), "[1769860800000]", `instances[0]: column "c": ${iso}, got number 1769860800000`);
  refuses(one("datetime"), '["now"]', `instances[0]: column "c": ${iso}, got string "now"`);
  refuses(
    one("datetime"),
    '["2026-02-30"]',
    'instances[0]: column "c": expected datetime, got string "2026-02-30": no such time, or outside the years 1678 to 2261',
  );
});

describe("nulls and absent columns", () => {
  refuses(one("double"), "[null]", 'instances[0]: column "c": expected double, got null');
  takes(one("double", optional), "[null,1]", { c: ["float64", "NaN", 1] });
  takes(one("double", optional), '[{},{"c":1}]', { c: ["float64", "NaN", 1] });
  takes(one("double", optional), "[{},{}]", {});
  takes(one("boolean", optional), "[null,true]", { c: ["object", null, true] });
  // what pandas makes of text itself
  takes(one("string", optional), '[null,"a"]', { c: ["str", "NaN", "a"] });
  takes(one("binary", optional), '[null,"YWI="]', { c: ["object", null, "bytes b'ab'"] });
  takes(one("datetime", optional), '[null,"2026-01-31"]', {
    c: ["datetime64[ns]", "NaTType NaT", "Timestamp 2026-01-31 00:00:00"],
  });
  takes(one("long", optional), "[null,null]", {});
  refuses(
    one("long", optional),
    "[1,null]",
    'instances[1]: column "c": MLflow cannot mix null and numbers in a column of type long; send the rows without it in a request of their own, or log the model with double',
  );
  takes(one("array", { items: column("double"), ...optional }), '[{},{"c":null},{"c":[1]}]', {
    c: ["object", null, null, [1]],
  });
});

describe("nested columns", () => {
  takes(one("array", { items: column("double") }), '[[[1,2]],{"c":[]}]', { c: ["object", [1, 2], []] });
  takes(one("array", { items: column("float") }), '[{"c":[1,2]},{"c":[3,4]}]', {
    c: ["object", { array: "float32", shape: [2], values: [1, 2] }, { array: "float32", shape: [2], values: [3, 4] }],
  });
  takes(one("array", { items: { type: "array", items: column("long") } }), '[{"c":[[1],[2.0,3]]}]', {
    c: ["object", [[1], [2, 3]]],
  });
  refuses(
    one("array", { items: column("double") }),
    '[{"c":[1,"x"]}]',
    'instances[0]: column "c"[1]: expected double, got string "x"',
  );
  refuses(
    one("array", { items: column("double") }),
    '[{"c":[1,null]}]',
    'instances[0]: column "c"[1]: expected double, got null',
  );
  refuses(
    one("array", { items: column("string") }),
    '[{"c":["a\\u0000"]}]',
    'instances[0]: column "c"[0]: a numpy string cannot end in a NUL character',
  );

  takes(one("map", { values: column("double") }), '[{"c":{"x":1}}]', {
    c: ["object", { x: "float64 1.0" }],
  });
  refuses(
    one("map", { values: column("long") }),
    '[{"c":{"x":1.5}}]',
    'instances[0]: column "c"["x"]: expected long, got number 1.5',
  );

  takes(one("array", { items: column("double") }), '[{"c":["NaN","-Infinity",1]}]', {
    c: ["object", ["NaN", "-Infinity", 1]],
  });
  takes(one("array", { items: column("long") }), '[{"c":["9007199254740993",1]}]', {
    c: ["object", ["9007199254740993", 1]],
  });
  takes(one("map", { values: column("float") }), '[{"c":{"x":"NaN"}}]', { c: ["object", { x: "float32 nan" }] });
  takes(one("any"), '[{"c":{"x":[null,"NaN"]}},{"c":null}]', { c: ["object", { x: [null, "NaN"] }, null] });
  refuses(
    one("any"),
    '[{"c":{"x":[1e999]}}]',
    'instances[0]: column "c"["x"][0]: got a number beyond the range of a double',
  );

  const item = {
    properties: {
      sku: column("string"),
      sizes: { type: "array", items: column("integer"), required: false },
      weight: column("float", undefined, optional),
    },
  };
  takes(one("object", item), '[{"c":{"sku":"s"}},{"c":{"sizes":[1],"sku":"s","weight":0.5}}]', {
    c: [
      "object",
      { sku: "s" },
      { sku: "s", sizes: { array: "int32", shape: [1], values: [1] }, weight: "float32 0.5" },
    ],
  });
  refuses(one("object", item), '[{"c":{}}]', 'instances[0]: column "c": missing "sku"');
  refuses(
    one("object", item),
    '[{"c":{"sku":"s","color":1}}]',
    'instances[0]: column "c": unknown "color"; it has "sizes", "sku", "weight"',
  );
  refuses(
    one("object", item),
    '[{"c":{"sku":"s","sizes":[1,2.5]}}]',
    'instances[0]: column "c"["sizes"][1]: expected integer, got number 2.5',
  );
  takes([{ type: "object", ...item }], '[{"sku":"s"}]', { "0": ["object", { sku: "s" }] });
  takes([{ type: "array", items: column("string") }], '[["a"],["b","c"]]', {
    "0": ["object", ["a"], ["b", "c"]],
  });
});

describe("tensors", () => {
  takes([tensor("float32", [-1, 3])], "[[1,2,3],[4,5,6.5]]", {
    array: "float32",
    shape: [2, 3],
    values: [
      [1, 2, 3],
      [4, 5, 6.5],
    ],
  });
  takes([tensor("int64", [-1])], "[1,2.0]", { array: "int64", shape: [2], values: [1, 2] });
  takes([tensor("str", [-1])], '["a","bc"]', { array: "str", shape: [2], values: ["a", "bc"] });
  takes([tensor("object", [-1])], '["a",[1],{"b":null}]', {
    array: "object",
    shape: [3],
    values: ["a", [1], { b: null }],
  });
  takes([tensor("float64", [-1, -1])], "[[1,2],[3]]", {
    array: "object",
    shape: [2],
    values: [
      { array: "float64", shape: [2], values: [1, 2] },
      { array: "float64", shape: [1], values: [3] },
    ],
  });
  takes([tensor("float32", [-1, 3])], '[["NaN","Infinity",-1]]', {
    array: "float32",
    shape: [1, 3],
    values: [["NaN", "Infinity", -1]],
  });
  takes([tensor("uint64", [-1])], '["18446744073709551615",9007199254740993,1]', {
    array: "uint64",
    shape: [3],
    values: ["18446744073709551615", "9007199254740993", 1],
  });
  refuses(
    [tensor("uint64", [-1])],
    '["-9007199254740993"]',
    'instances[0]: expected uint64 (from 0 to 18446744073709551615), got string "-9007199254740993"',
  );
  refuses(
    [tensor("int32", [-1])],
    '["9007199254740993"]',
    'instances[0]: expected int32, got string "9007199254740993"',
  );
  refuses([tensor("object", [-1])], "[[1e999]]", "instances[0][0]: got a number beyond the range of a double");
  refuses(
    [tensor("float32", [-1, 3])],
    "[[1,2,3],[4,5]]",
    "instances[1]: expected an array of 3 values, got an array of 2 values",
  );
  refuses([tensor("float64", [-1, 2, 2])], '[[[1,2],[3,"a"]]]', 'instances[0][1][1]: expected float64, got string "a"');
  refuses([tensor("float64", [-1, 2, 2])], "[[[1,2],[3]]]", "instances[0]: its arrays have different lengths (1, 2)");
  refuses([tensor("float32", [-1, 1])], "[[true]]", "instances[0][0]: expected float32, got boolean true");
  refuses([tensor("int32", [-1])], "[2.5]", "instances[0]: expected int32, got number 2.5");
  refuses([tensor("uint8", [-1])], "[256]", "instances[0]: expected uint8 (from 0 to 255), got number 256");
  refuses([tensor("float64", [2, 1])], "[[1]]", "expected exactly 2 instances, got 1");

  const named = [tensor("float64", [-1, 2], "x"), tensor("int32", [-1], "n")];
  takes(named, '[{"n":3,"x":[1,2]},{"x":[3,4],"n":4.0}]', {
    x: {
      array: "float64",
      shape: [2, 2],
      values: [
        [1, 2],
        [3, 4],
      ],
    },
    n: { array: "int32", shape: [2], values: [3, 4] },
  });
  takes([tensor("float64", [-1, 2], "x")], "[[1,2]]", {
    x: { array: "float64", shape: [1, 2], values: [[1, 2]] },
  });
  refuses(named, "[[1,2]]", 'instances[0]: expected an object with "x", "n", got an array of 2 values');
  refuses(named, '[{"x":[1,2]}]', 'instances[0]: missing input "n"');
  refuses(named, '[{"x":[1,2],"n":1,"m":1}]', 'instances[0]: unknown input "m"; the model\'s inputs are "x", "n"');
  refuses(named, '[{"x":[1,2],"n":1.5}]', 'instances[0]: input "n": expected int32, got number 1.5');
});

describe("rows for no signature", () => {
  takes(null, "[[1,2],[3,4.5]]", {
    array: "float64",
    shape: [2, 2],
    values: [
      [1, 2],
      [3, 4.5],
    ],
  });
  takes(null, '[{"a":1,"b":"x"},{"b":"y","a":2}]', { a: ["int64", 1, 2], b: ["str", "x", "y"] });
  takes(null, '[[1,"a"],[true,null]]', {
    array: "object",
    shape: [2, 2],
    values: [
      [1, "a"],
      [true, null],
    ],
  });
  refuses(
    null,
    "[[1],[1,2]]",
    "instances[1]: got an array of 2 values, unlike instances[0] (an array of 1 value); all must have the same shape",
  );
  takes(null, "[[9007199254740993,1]]", { array: "int64", shape: [1, 2], values: [["9007199254740993", 1]] });
  takes(null, "[[1152921504606847000,0.5]]", { array: "float64", shape: [1, 2], values: [[2 ** 60, 0.5]] });
  refuses(
    null,
    "[[1,0.5],[9007199254740993,1]]",
    "instances[1]: got number 9007199254740993, which beside the others becomes a double, without its last digits",
  );
  refuses(
    null,
    '[{"a":0.5},{"a":9007199254740993}]',
    'instances[1]: column "a": got number 9007199254740993, which beside the others becomes a double, without its last digits',
  );
  takes(null, '["a\\u0000"]', { array: "object", shape: [1], values: ["a\0"] });
  refuses(null, "[[1,1e999]]", "instances[0][1]: got a number beyond the range of a double");
  refuses(null, '[{"a":"x"},{"a":-1e999}]', 'instances[1]["a"]: got a number beyond the range of a double');
  refuses(null, '[{"a":1},{"A":1}]', 'instances[1]: has "A", but instances[0] has "a"; all must have the same keys');
});

describe("parameters", () => {
  const params = [
    { name: "top_k", type: "long", default: 2, shape: null },
    { name: "since", type: "datetime", default: "2020-01-01T00:00:00", shape: null },
    { name: "weights", type: "float", default: [1], shape: [-1] },
    { name: "stop", type: "string", default: null, shape: null },
  ];
  const defaults = { top_k: 2, since: "datetime 2020-01-01 00:00:00", weights: [1], stop: null };
  const given = (schema: Spec[] | null, parameters: string): DecodeCase => ({
    inputs: one("double"),
    params: schema,
    instances: "[1]",
    parameters,
  });
  const sets = (parameters: string, values: object): void =>
    check(`sets ${parameters}`, given(params, parameters), {
      data: { c: ["float64", 1] },
      params: { ...defaults, ...values },
    });
  const rejects = (parameters: string, refused: string): void =>
    check(`refuses ${parameters}`, given(params, parameters), { refused });

  sets("{}", {});
  sets('{"top_k":3.0,"stop":null}', { top_k: 3 });
  sets('{"since":"2026-01-31T12:00:00"}', { since: "datetime 2026-01-31 12:00:00" });
  sets('{"weights":[1,2]}', { weights: [1, 2] });
  sets('{"top_k":"9007199254740993"}', { top_k: "9007199254740993" });
  sets('{"weights":["NaN","-Infinity"]}', { weights: ["NaN", "-Infinity"] });
  rejects('{"top_k":"12"}', 'parameters: "top_k": expected long, got string "12"');
  rejects('{"top_k":3.5}', 'parameters: "top_k": expected long, got number 3.5');
  rejects('{"top_k":null}', 'parameters: "top_k": expected long, got null');
  rejects('{"weights":[1,"a"]}', 'parameters: "weights"[1]: expected float, got string "a"');
  rejects('{"weights":1}', 'parameters: "weights": expected array of float, got number 1');
  rejects('{"topk":3}', 'parameters: the model does not take "topk"; it takes "top_k", "since", "weights", "stop"');
  check("refuses any for a model whose signature has none", given(null, '{"top_k":3}'), {
    refused: 'parameters: the model does not take "top_k"; its signature has no params',
  });
});
