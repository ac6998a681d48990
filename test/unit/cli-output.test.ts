import { describe, expect, it } from "vitest";

import { pythonJson, pythonRepr, pythonStr } from "../../src/cli/output/python-text.js";
import { styleOf } from "../../src/cli/output/style.js";
import { tableLines } from "../../src/cli/output/table.js";
import { fit, textWidth, wrap } from "../../src/cli/output/text-width.js";

const plain = styleOf({ env: {}, isTerminal: { stdin: false, stdout: false, stderr: false } }, "stdout");

describe("text as Python writes it", () => {
  it.each<[unknown, string]>([
    [null, "None"],
    [[true, false], "[True, False]"],
    [{ a: 1, b: [] }, "{'a': 1, 'b': []}"],
    [
      [0.1, 1e-5, 1.5e-7, 0.0001, 1e22, -0, 9007199254740991],
      "[0.1, 1e-05, 1.5e-07, 0.0001, 1e+22, -0.0, 9007199254740991]",
    ],
    [[NaN, Infinity, -Infinity], "[nan, inf, -inf]"],
    ["it's", `"it's"`],
    [`it's "so"`, String.raw`'it\'s "so"'`],
    ["\\\n\r\t\u0000\u007F\u00A0\u2028\u{E0001}é中", String.raw`'\\\n\r\t\x00\x7f\xa0\u2028\U000e0001é中'`],
    [{ a: undefined, b: { toJSON: () => [1] } }, "{'b': [1]}"],
  ])("%j as a literal", (value, text) => {
    expect(pythonRepr(value)).toBe(text);
  });

  it("leaves a text as it is at the top", () => {
    expect(pythonStr("it's")).toBe("it's");
  });

  it.each<[unknown, string]>([
    [{ a: [1, 2.5], b: null, c: true }, '{"a": [1, 2.5], "b": null, "c": true}'],
    ['é\u007F😀\n"', String.raw`"\u00e9\u007f\ud83d\ude00\n\""`],
    [[1e-7, NaN, -Infinity], "[1e-07, NaN, -Infinity]"],
    [{ a: undefined }, "{}"],
  ])("%j as JSON", (value, text) => {
    expect(pythonJson(value)).toBe(text);
  });

  it("writes all digits of an integer beyond 2^53", () => {
    expect([pythonJson([9007199254740993n]), pythonRepr([9007199254740993n])]).toEqual(
      Array(2).fill("[9007199254740993]"),
    );
  });

  it("refuses what is no JSON", () => {
    expect(() => pythonJson([Symbol("x")])).toThrow("holds a symbol");
  });
});

describe("a table", () => {
  const table = {
    headings: ["NAME", "MODEL"],
    rows: [
      ["資料", "models:/a/1"],
      ["tester\u001B[31m\n!", "models:/a-name-that-is-long/12"],
    ],
  };

  it("is aligned by the width of its text on a terminal", () => {
    expect(tableLines(table, plain, undefined)).toEqual([
      "NAME      MODEL",
      "資料      models:/a/1",
      "tester !  models:/a-name-that-is-long/12",
    ]);
  });

  it("is cut in its widest column to the width of the terminal", () => {
    expect(tableLines(table, plain, 30)).toEqual([
      "NAME      MODEL",
      "資料      models:/a/1",
      "tester !  models:/a-name-that…",
    ]);
  });
});

describe("text in columns", () => {
  it("counts wide characters twice, and combining ones and colours not at all", () => {
    expect(["abc", "中文", "e\u0301", "👍", "\u001B[31mx\u001B[0m"].map(textWidth)).toEqual([3, 4, 1, 2, 1]);
  });

  it("is cut before a wide character that does not fit", () => {
    expect([fit("中文字", 6), fit("中文字", 5), fit("中文字", 4), fit("abc", 0)]).toEqual([
      "中文字",
      "中文…",
      "中…",
      "",
    ]);
  });

  it("is wrapped between words", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("averylongword x", 5)).toEqual(["averylongword", "x"]);
  });
});

describe("colours", () => {
  const terminal = { stdin: true, stdout: true, stderr: true };
  it.each([
    [{}, true],
    [{ NO_COLOR: "1" }, false],
    [{ NO_COLOR: "" }, true],
    [{ TERM: "dumb" }, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1", TERM: "dumb" }, true],
    [{ FORCE_COLOR: "0" }, false],
  ])("on a terminal with %j: %s", (env, painted) => {
    expect(styleOf({ env, isTerminal: terminal }, "stdout").red("x") !== "x").toBe(painted);
  });

  it("are not there in a pipe, unless FORCE_COLOR says so", () => {
    const pipe = { ...terminal, stdout: false };
    expect(styleOf({ env: {}, isTerminal: pipe }, "stdout").red("x")).toBe("x");
    expect(styleOf({ env: { FORCE_COLOR: "" }, isTerminal: pipe }, "stdout").red("x")).toBe("\u001B[31mx\u001B[0m");
  });
});
