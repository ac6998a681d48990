import { describe, expect, it } from "vitest";

import { guessedRows, parseCsv } from "../../src/core/csv.js";

const rows = (text: string) => guessedRows(parseCsv(text));

describe("a CSV text whose columns nobody knows", () => {
  it("has objects by the line of headings, and numbers as numbers", () => {
    expect(rows("a,b,c\n1,x,true\n-2.5e3,y,FALSE\n")).toEqual([
      { a: 1, b: "x", c: true },
      { a: -2500, b: "y", c: false },
    ]);
  });

  it("has commas, line ends and quotes in quotes", () => {
    expect(rows('\uFEFF"a ""b""",c\r\n"1,\r\n2",""\r\n\r\nx,"y"')).toEqual([
      { 'a "b"': "1,\r\n2", c: null },
      { 'a "b"': "x", c: "y" },
    ]);
  });

  it("has null for an empty cell, and for NaN among numbers", () => {
    expect(rows("a,b\n1,\nNaN,x\n,NaN\n")).toEqual([
      { a: 1, b: null },
      { a: null, b: "x" },
      { a: null, b: "NaN" },
    ]);
  });

  it("keeps a column as text where not all of it is numbers, or one has a leading zero", () => {
    expect(rows("a,b\n1,007\nx,1\n")).toEqual([
      { a: "1", b: "007" },
      { a: "x", b: "1" },
    ]);
  });

  it("has all digits of a whole number beyond 2^53", () => {
    expect(rows("id\n9007199254740993\n+9007199254740993\n1\n")).toEqual([
      { id: 9007199254740993n },
      { id: 9007199254740993n },
      { id: 1 },
    ]);
  });

  it("takes a very long cell", () => {
    const long = 'x""'.repeat(500_000);
    expect(rows(`a\n"${long}"\n`)).toEqual([{ a: 'x"'.repeat(500_000) }]);
  });

  it.each([
    ["", "it is empty"],
    ["a,b\n", "no row"],
    ["a,a\n1,2\n", 'the column "a" is there twice'],
    ["a,b\n1,2\n3\n", "row 2 has 1 cell, and the line of headings 2"],
    ["a;b\n1,5;2,5\n", "with semicolons in its heading. Cells are separated by commas."],
    ['a\n"x"y\n', "a quote is wrong near"],
    ['a\n"x\n', "a quote is wrong near"],
    ["x\n1e999\n", "no double holds it"],
  ])("is refused: %j", (text, message) => {
    expect(() => rows(text)).toThrow(message);
  });
});
