import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FakeTerminal } from "../support/fake-terminal.js";
import { runCli } from "../support/run-cli.js";

describe("main", () => {
  it("prints the version of the package", async () => {
    const manifest = await readFile(join(import.meta.dirname, "../../package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    expect(await runCli(["--version"])).toEqual({ code: 0, out: [version], err: [] });
  });

  it.each([[["--help"]], [[]]])("lists the commands for %j", async (argv) => {
    const { code, out, err } = await runCli(argv);
    expect(code).toBe(0);
    expect(out.join("\n")).toMatch(/^ {2}emulator \[options\] +Serve a stand-in/m);
    expect(err).toEqual([]);
  });

  it("says which option is unknown and exits with 2", async () => {
    const { code, out, err } = await runCli(["emulator", "--prot", "1"]);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toEqual([
      "Usage: mlflow-deployments emulator [OPTIONS]",
      "Try 'mlflow-deployments emulator --help' for help.",
      "",
      "Error: No such option '--prot'. Did you mean '--port'?",
    ]);
  });

  it("says which command is unknown and exits with 2", async () => {
    const { code, err } = await runCli(["emulatr"]);
    expect(code).toBe(2);
    expect(err).toEqual([
      "Usage: mlflow-deployments [OPTIONS] COMMAND [ARGS]...",
      "Try 'mlflow-deployments --help' for help.",
      "",
      "Error: No such command 'emulatr'. Did you mean 'emulator'?",
    ]);
  });

  it("says which values an option takes", async () => {
    const { code, err } = await runCli(["list", "--output", "xml"]);
    expect([code, err.at(-1)]).toEqual([
      2,
      "Error: Invalid value for '--output': 'xml' is not one of 'json', 'table'.",
    ]);
  });

  it("says which words a command takes", async () => {
    expect((await runCli(["completions"])).err.at(-1)).toBe("Error: Missing argument 'SHELL'.");
    expect((await runCli(["completions", "tcsh"])).err.at(-1)).toBe(
      "Error: Invalid value for 'SHELL': 'tcsh' is not one of 'bash', 'zsh', 'fish'.",
    );
  });

  it("shows a command's help, with what it needs", async () => {
    const { code, out } = await runCli(["create", "--help"]);
    expect(code).toBe(0);
    expect(out.join("\n")).toMatch(/-m, --model-uri <uri> +the model: [^(]*\(required\)/);
  });

  it("keeps the descriptions of options in their column on a narrow terminal", async () => {
    const { out } = await runCli(["predict", "--help"], undefined, { terminal: new FakeTerminal(60) });
    const [, listed = ""] = /Options:\n([^]*?)\n\n/.exec(out.join("\n")) ?? [];
    expect(listed.split("\n").filter((line) => line.length > 60)).toEqual([]);
    expect(listed).toMatch(/\n {29}[a-z]/);
  });

  it.each(["-1", "65536", "http", "80.5", ""])("refuses %j as a port and exits with 2", async (port) => {
    const { code, err } = await runCli(["emulator", `--port=${port}`]);
    expect(code).toBe(2);
    expect(err.at(-1)).toBe("Error: Invalid value for '--port': A port is a whole number from 0 to 65535.");
  });

  it("needs nothing but commander and small files of its own to print its help", async () => {
    const files = await staticImports(join(import.meta.dirname, "../../src/cli/bin.ts"));
    const ours = /\/src\/(cli\/[\w-]+|cli\/commands\/[\w-]+|cli\/output\/printable|core\/errors)\.ts$/;
    const foreign = files.filter((file) => !/^(node:.*|commander)$/.test(file) && !ours.test(file));
    expect(foreign).toEqual([]);
    expect(files).toContain(join(import.meta.dirname, "../../src/cli/commands/create.ts"));
    // these are imported when a command runs
    for (const late of ["run-target-command", "outcome", "config", "confirm", "serve-locally"])
      expect(files).not.toContain(join(import.meta.dirname, `../../src/cli/${late}.ts`));
  });
});

/** Everything that is loaded with a source file: the files and packages that it imports at its top, and they at theirs. */
async function staticImports(file: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  if (!isAbsolute(file)) return [file];
  const source = await readFile(file, "utf8");
  const specifiers = [...source.matchAll(/^(?:import (?!type)|export [{*])[^;]*?from "([^"]+)"/gm)].map(
    ([, found = ""]) => found,
  );
  const targets = specifiers.map((found) =>
    found.startsWith(".") ? join(dirname(file), found.replace(/\.js$/, ".ts")) : found,
  );
  const below = await Promise.all(targets.map(async (target) => staticImports(target, seen)));
  return [file, ...below.flat()];
}
