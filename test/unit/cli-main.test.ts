import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { describe, expect, it } from "vitest";
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
    expect(err.join("\n")).toContain("unknown option '--prot'\n(Did you mean --port?)");
  });

  it("says which command is unknown and exits with 2", async () => {
    const { code, err } = await runCli(["emulate"]);
    expect(code).toBe(2);
    expect(err.join("\n")).toContain("unknown command 'emulate'");
  });

  it.each(["-1", "65536", "http", "80.5", ""])("refuses %j as a port and exits with 2", async (port) => {
    const { code, err } = await runCli(["emulator", `--port=${port}`]);
    expect(code).toBe(2);
    expect(err.join("\n")).toContain("A port is a whole number from 0 to 65535.");
  });

  it("needs nothing but commander and small files of its own to print its help", async () => {
    const files = await staticImports(join(import.meta.dirname, "../../src/cli/bin.ts"));
    const foreign = files.filter((file) => !/^(node:.*|commander|.*\/src\/(cli|core)\/[\w-]+\.ts)$/.test(file));
    expect(foreign).toEqual([]);
    expect(files.some((file) => file.endsWith("/emulator-command.ts"))).toBe(true);
  });
});

/** Everything that is loaded with a source file: the files and packages that it imports at its top, and they at theirs. */
async function staticImports(file: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  if (!isAbsolute(file)) return [file];
  const source = await readFile(file, "utf8");
  const specifiers = [...source.matchAll(/^(?:import|export) (?!type)[^;]*?from "([^"]+)"/gm)].map(
    ([, found = ""]) => found,
  );
  const targets = specifiers.map((found) =>
    found.startsWith(".") ? join(dirname(file), found.replace(/\.js$/, ".ts")) : found,
  );
  const below = await Promise.all(targets.map(async (target) => staticImports(target, seen)));
  return [file, ...below.flat()];
}
