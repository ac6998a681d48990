import { describe, expect, it } from "vitest";

import { parseDockerBuild } from "../../src/emulator/build/docker-step.js";
import { parseDockerfile, parsePairs, splitWords, substitute } from "../../src/emulator/build/dockerfile.js";

describe("a Dockerfile", () => {
  it("is read with comments, continued lines and both forms of arguments", () => {
    const text = `# syntax=docker/dockerfile:1
from python:3.11-slim

RUN pip install \\
  # a comment in between

  one two
CMD ["python", "-m", "server"]
`;
    expect(parseDockerfile(text)).toEqual([
      { keyword: "FROM", text: "python:3.11-slim", exec: undefined, line: 2 },
      { keyword: "RUN", text: "pip install one two", exec: undefined, line: 4 },
      { keyword: "CMD", text: '["python", "-m", "server"]', exec: ["python", "-m", "server"], line: 8 },
    ]);
  });

  it("is refused when it is empty, or has an instruction that is not followed", () => {
    expect(() => parseDockerfile("# nothing\n")).toThrow("cannot be empty");
    expect(() => parseDockerfile("FROM x\nADD http://example.com /x\n")).toThrow(
      "line 2: the emulator does not follow the instruction ADD",
    );
  });

  it("takes what is no JSON array of strings for the shell form", () => {
    const [run] = parseDockerfile("RUN ['single', 'quotes']");
    expect(run?.exec).toBeUndefined();
  });

  it("sets variables in pairs, with quotes, or one in the old form", () => {
    const pairs = (text: string) => parsePairs({ keyword: "ENV", text, exec: undefined, line: 1 });
    expect(pairs(`A=1 B="two words" C='$x' D=a\\ b`)).toEqual([
      ["A", "1"],
      ["B", "two words"],
      ["C", "$x"],
      ["D", "a b"],
    ]);
    expect(pairs("NAME all the rest")).toEqual([["NAME", "all the rest"]]);
  });

  it.each([
    ["$NAME/${NAME}", "x/x"],
    ["${NONE:-default} ${NAME:-default}", "default x"],
    ["${NAME:+other}${NONE:+other}", "other"],
    ["$NONE.", "."],
    ["\\$NAME", "\\$NAME"],
  ])("replaces variables in %s", (text, expected) => {
    expect(substitute(text, { NAME: "x" })).toBe(expected);
  });

  it("splits words at blanks outside of quotes", () => {
    expect(splitWords(`a "b c" 'd e' f`)).toEqual(["a", "b c", "d e", "f"]);
  });
});

describe("a docker build step", () => {
  it("has tags, a file, arguments and a context", () => {
    const args = ["build", "-t", "a:1", "--tag=b:2", "-f", "x/Dockerfile", "--build-arg", "K=v=w", "--no-cache", "."];
    expect(parseDockerBuild({ name: "docker", args })).toEqual({
      tags: ["a:1", "b:2"],
      dockerfile: "x/Dockerfile",
      buildArgs: { K: "v=w" },
      context: ".",
    });
  });

  it.each([
    [["push", "a:1"], 'knows "build" only'],
    [["build", "-t", "a:1"], "requires exactly 1 argument"],
    [["build", "--secret", "id=x", "."], "does not know the option --secret"],
  ])("is refused as %j", (args, message) => {
    expect(() => parseDockerBuild({ name: "docker", args })).toThrow(message);
  });
});
