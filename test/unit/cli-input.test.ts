import { Readable } from "node:stream";

import { describe, expect, it } from "vitest";

import { readInput } from "../../src/cli/input/read-input.js";
import { parseJsonInput } from "../../src/cli/input/json-input.js";
import type { InputForm } from "../../src/core/input-rows.js";
import { runCli } from "../support/run-cli.js";

const parse = (content: unknown, format?: InputForm) => parseJsonInput(JSON.stringify(content), format);

describe("a JSON input", () => {
  it.each<[string, unknown, readonly unknown[]]>([
    ["an array of arrays", [[1, 2]], [[1, 2]]],
    ["an array of objects", [{ a: 1 }], [{ a: 1 }]],
    ["an array of scalars", [1, "x", null], [1, "x", null]],
    ["dataframe_split", { dataframe_split: { columns: ["a", "b"], data: [[1, 2]] } }, [{ a: 1, b: 2 }]],
    ["dataframe_split without columns", { dataframe_split: { data: [[1, 2]] } }, [[1, 2]]],
    ["dataframe_split with an index", { dataframe_split: { index: [7], columns: [0], data: [[1]] } }, [{ 0: 1 }]],
    ["dataframe_records", { dataframe_records: [{ a: 1 }] }, [{ a: 1 }]],
    ["instances", { instances: [[1, 2]] }, [[1, 2]]],
    ["inputs as rows", { inputs: [[1, 2]] }, [[1, 2]]],
    [
      "inputs by column",
      {
        inputs: {
          a: [
            [1, 2],
            [3, 4],
          ],
          b: [5, 6],
        },
      },
      [
        { a: [1, 2], b: 5 },
        { a: [3, 4], b: 6 },
      ],
    ],
    ["inputs of one row", { inputs: { question: "What?" } }, [{ question: "What?" }]],
    ["inputs that are a text", { inputs: "What?" }, ["What?"]],
    ["pandas' split", { columns: ["a"], index: [0], data: [[1]] }, [{ a: 1 }]],
    [
      "pandas' columns",
      { a: { 0: 1, 1: 2 }, b: { 0: "x", 1: "y" } },
      [
        { a: 1, b: "x" },
        { a: 2, b: "y" },
      ],
    ],
    [
      "pandas' columns with a cell that is missing",
      { a: { 0: 1 }, b: { 1: 2 } },
      [
        { a: 1, b: null },
        { a: null, b: 2 },
      ],
    ],
    ["columns that are lists", { data: [5000] }, [{ data: 5000 }]],
    ["a column that is called params", { a: { 0: 1 }, params: { 0: 2 } }, [{ a: 1, params: 2 }]],
  ])("is understood as %s", (_, content, rows) => {
    expect(parse(content)).toEqual({ inputs: rows });
  });

  it("has the rows of a shuffled data frame in the order in which pandas wrote them", () => {
    const { inputs } = parseJsonInput(
      '{"1":{"7":1,"2":"\\"3\\":","5":null},"b":{"7":"x","2":"y","05":9007199254740993}}',
    );
    expect(inputs).toEqual([
      { 1: 1, b: "x" },
      { 1: '"3":', b: "y" },
      { 1: null, b: null },
      { 1: null, b: 9007199254740993n },
    ]);
    const named = parseJsonInput('{"inputs":{"1":1,"0":2}}', "columns");
    expect(named.inputs).toEqual([{ inputs: 1 }, { inputs: 2 }]);
  });

  it.each([
    { instances: [1], params: { k: 2 } },
    { inputs: [1], params: { k: 2 } },
    { dataframe_split: { data: [1] }, params: { k: 2 } },
    { dataframe_records: [1], params: { k: 2 } },
  ])("has its params beside the rows: %j", (content) => {
    expect(parse(content)).toEqual({ inputs: [1], params: { k: 2 } });
  });

  it.each<[InputForm, unknown, readonly unknown[]]>([
    ["split", { columns: ["a"], data: [[1]] }, [{ a: 1 }]],
    ["split", { dataframe_split: { columns: ["a"], data: [[1]] } }, [{ a: 1 }]],
    ["records", [{ a: 1 }], [{ a: 1 }]],
    ["columns", { inputs: [1, 2] }, [{ inputs: 1 }, { inputs: 2 }]],
    ["columns", { instances: { 0: 1 } }, [{ instances: 1 }]],
    ["tf-serving", { instances: [[1]] }, [[1]]],
  ])("is of the form %s where that is said", (format, content, rows) => {
    expect(parse(content, format)).toEqual({ inputs: rows });
  });

  it.each([{}, { inputs: [1], instances: [1] }, { other: [1] }, { instances: [1], signature_name: "x" }])(
    "is not of the form tf-serving: %j",
    (content) => {
      expect(() => parse(content, "tf-serving")).toThrow('One of "instances" and "inputs" must be specified');
    },
  );

  it.each<[unknown, InputForm | undefined, string]>([
    [5, undefined, "it is of type number"],
    [{}, undefined, "it is an object with the keys []"],
    [{ a: 5 }, undefined, 'Not all of the keys ["a"] have a list of cells, as columns do. One row is an array of it'],
    [{ a: [1], b: 5 }, undefined, 'Not all of the keys ["a","b"] have a list of cells'],
    [{ a: 5 }, "columns", 'The input is not of the form columns: it is an object with the keys ["a"].'],
    [[[1]], "split", "it is an array"],
    [{ instances: 5 }, undefined, '"instances" must be an array, and is of type number.'],
    [
      { dataframe_split: { columns: ["a"], data: [[1, 2]] } },
      undefined,
      'Row 1 of "data" must be an array of 1 cell, one',
    ],
    [{ a: [1], b: [1, 2] }, undefined, 'The columns must be of the same length: "a" has 1 and "b" 2.'],
  ])("is refused with what it is: %j", (content, format, message) => {
    expect(() => parse(content, format)).toThrow(message);
  });
});

describe("a JSON file that an editor has marked as UTF-8", () => {
  it("is read without its mark", () => {
    expect(parseJsonInput("\uFEFF[[1, 2]]").inputs).toEqual([[1, 2]]);
  });
});

describe("a whole number beyond 2^53 in the input", () => {
  it("keeps its digits", () => {
    expect(parseJsonInput("[[9007199254740993, 1.5]]").inputs).toEqual([[9007199254740993n, 1.5]]);
  });
});

describe("a CSV input", () => {
  it("goes to the target as text, which may know the types of its columns", async () => {
    const io = { stdin: Readable.from(["id\n007\n"]) };
    const input = await readInput({ inputPath: "-", contentType: "csv" }, io);
    expect(input).toEqual({ inputs: { csv: "id\n007\n" } });
  });

  it.each([
    ["Latin-1", Buffer.from("name\nM\u00FCller\n", "latin1"), "is not in UTF-8: save it as UTF-8."],
    ["UTF-16", Buffer.from("\uFEFFname\nM\u00FCller\n", "utf16le"), "is in UTF-16: save it as UTF-8."],
  ])("is refused in %s, so that no letter is lost", async (_, bytes, message) => {
    const io = { stdin: Readable.from([bytes]) };
    const reading = readInput({ inputPath: "-", contentType: "csv" }, io);
    await expect(reading).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: `The input on standard input ${message}`,
    });
  });

  it("has no --json-format", async () => {
    const { code, err } = await runCli([
      "predict",
      "-t",
      "x",
      "--name",
      "x",
      "-I",
      "-",
      "--content-type",
      "csv",
      "--json-format",
      "split",
    ]);
    expect([code, err.at(-1)]).toEqual([2, "Error: --json-format is for JSON, and the input is CSV."]);
  });
});
