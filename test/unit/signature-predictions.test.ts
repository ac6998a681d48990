import { expect, it } from "vitest";
import type { SignatureField } from "../../src/core/model.js";
import { readPredictions } from "../../src/signature/read-predictions.js";

const far = 9007199254740993n;
const digits = String(far);
const read = (outputs: SignatureField[] | null, predictions: unknown[]) =>
  readPredictions(predictions, { inputs: null, outputs, params: null });

const tensor = (dtype: string, name?: string): SignatureField => ({
  type: "tensor",
  ...(name !== undefined && { name }),
  "tensor-spec": { dtype, shape: [-1] },
});
const id = { type: "long", name: "id" };
const text = { type: "string", name: "text" };
const longs = { type: "array", items: { type: "long" } };

it.each<[title: string, outputs: SignatureField[], predictions: unknown[], expected: unknown[]]>([
  ["of a tensor without a name", [tensor("int64")], [digits, 1, [digits]], [far, 1, [far]]],
  ["of unsigned type", [tensor("uint64")], ["18446744073709551615"], [2n ** 64n - 1n]],
  [
    "of a named tensor",
    [tensor("int64", "id"), tensor("str", "t")],
    [{ id: digits, t: digits }],
    [{ id: far, t: digits }],
  ],
  ["of a column without a name", [{ type: "long" }], [digits, `-${digits}`, null], [far, -far, null]],
  ["of a record's column", [id, text], [{ id: digits, text: digits }], [{ id: far, text: digits }]],
  ["of a row's position", [id, text], [[digits, digits]], [[far, digits]]],
  [
    "of a record by positions",
    [{ type: "string" }, { type: "long" }],
    [{ "0": digits, "1": digits }],
    [{ "0": digits, "1": far }],
  ],
  ["in arrays of a column", [{ ...longs, name: "ids" }], [{ ids: [digits, 1] }], [{ ids: [far, 1] }]],
  ["in arrays that are the answer", [longs], [[digits], []], [[far], []]],
  [
    "in objects and maps",
    [
      {
        type: "object",
        name: "o",
        properties: { m: { type: "map", values: { type: "long" } }, s: { type: "string" } },
      },
    ],
    [{ o: { m: { x: digits }, s: digits } }],
    [{ o: { m: { x: far }, s: digits } }],
  ],
  [
    "of an object that is the answer",
    [{ type: "object", properties: { id: { type: "long" } } }],
    [{ id: digits }],
    [{ id: far }],
  ],
])("makes BigInts of digits %s", (_, outputs, predictions, expected) => {
  const before = structuredClone(predictions);
  expect(read(outputs, predictions)).toEqual(expected);
  expect(predictions).toEqual(before);
});

it("changes nothing else, and gives the same array then", () => {
  const predictions = [1, "12", "9007199254740991", "x", digits.padEnd(50, "0"), null, { id: 1 }];
  expect(read([{ type: "long" }], predictions)).toBe(predictions);
  expect(read([{ type: "string" }], [digits])).toEqual([digits]);
  expect(read(null, [digits])).toEqual([digits]);
  expect(readPredictions([digits], null)).toEqual([digits]);
});
