import { describe, expect, it } from "vitest";

import { parseExactJson, writeExactJson } from "../../src/core/exact-json.js";

describe("exact JSON", () => {
  it.each<[string, unknown]>([
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740992", -9007199254740992n],
    ['[1, {"a": 12345678901234567890}]', [1, { a: 12345678901234567890n }]],
    ['{"9007199254740993": [9007199254740993]}', { "9007199254740993": [9007199254740993n] }],
    [
      '{"__proto__": 9007199254740993}',
      JSON.parse('{"__proto__": 1}', (key, item: unknown) => (key ? 9007199254740993n : item)),
    ],
  ])("reads a whole number beyond 2^53 as a BigInt: %s", (text, value) => {
    expect(parseExactJson(text)).toEqual(value);
  });

  it.each([
    '"9007199254740993"',
    String.raw`["\"", "9007199254740993\\", 1]`,
    "9007199254740991",
    "0.1234567890123456789",
    "12345678901234567890.5",
    "-1.5e-300",
    "1e22",
  ])("reads all else as JSON.parse does: %s", (text) => {
    expect(parseExactJson(text)).toEqual(JSON.parse(text));
  });

  it("steps over the mark of UTF-8", () => {
    expect(parseExactJson("\uFEFF[9007199254740993]")).toEqual([9007199254740993n]);
  });

  it.each([
    ["1e400", "no double holds it"],
    ["-1e400", "no double holds it"],
    ["1".repeat(1001), "more than 1000 digits"],
    ["[1, 2", "is not valid JSON"],
    ["[1, NaN]", 'JSON has no NaN and no Infinity: write "NaN" in quotes, or null'],
    ["[1]\n[2]\n", "One value is expected: several go into an array, [a, b]"],
  ])("refuses %s", (text, message) => {
    expect(() => parseExactJson(text)).toThrow(message);
  });

  it("writes a BigInt as a number of all its digits, and all else as JSON.stringify does", () => {
    const value = {
      id: 9007199254740993n,
      texts: ["9007199254740993", '"'],
      at: new Date(0),
      none: undefined,
      more: [-1n, 1.5],
    };
    expect(writeExactJson(value)).toBe(
      '{"id":9007199254740993,"texts":["9007199254740993","\\""],"at":"1970-01-01T00:00:00.000Z","more":[-1,1.5]}',
    );
    expect(writeExactJson(12345678901234567890n)).toBe("12345678901234567890");
  });
});
