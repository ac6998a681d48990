import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runCli } from "../support/run-cli.js";

const run = promisify(execFile);

describe("completions for bash", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "cli-completions-"));
    const { out } = await runCli(["completions", "bash"]);
    await writeFile(join(directory, "script.bash"), out.join("\n"));
    for (const name of ["rows one.json", "rows.csv"]) await writeFile(join(directory, name), "");
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** What bash offers for the last of the words. */
  const complete = async (...words: string[]) => {
    const program = `
      set -u
      source script.bash
      COMP_WORDS=(mlflow-deployments "$@")
      COMP_CWORD=$#
      _mlflow_deployments
      ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await run("bash", ["--norc", "-c", program, "bash", ...words], { cwd: directory });
    expect(stderr).toBe("");
    return stdout.split("\n").filter(Boolean);
  };

  it("offer commands", async () => {
    expect(await complete("cre")).toEqual(["create", "create-endpoint"]);
    expect(await complete("--v")).toEqual(["--version"]);
  });

  it("offer the options of the command, long and short", async () => {
    expect(await complete("create", "--m")).toEqual(["--model-uri", "--message"]);
    expect(await complete("delete", "--m")).toEqual(["--message"]);
    expect(await complete("create", "-")).toEqual(expect.arrayContaining(["-t", "--target", "-C", "--json", "-h"]));
  });

  it("offer the names of targets", async () => {
    expect(await complete("list", "-t", "")).toContain("aiplatform");
    expect(await complete("list", "--target", "aip")).toEqual(["aiplatform"]);
    expect(await complete("list", "--target", "=", "aip")).toEqual(["aiplatform"]);
  });

  it("offer the values that an option takes", async () => {
    expect(await complete("get", "--output", "")).toEqual(["json", "table"]);
    expect(await complete("get", "--output", "=")).toEqual(["json", "table"]);
    expect(await complete("predict", "--json-format", "tf")).toEqual(["tf-serving"]);
  });

  it("offer files where an option takes one, also with spaces in their names", async () => {
    expect((await complete("predict", "-I", "ro")).toSorted()).toEqual(["rows one.json", "rows.csv"]);
    expect(await complete("create", "--config-file", "rows.")).toEqual(["rows.csv"]);
  });

  it("offer nothing where only the person knows", async () => {
    expect(await complete("get", "--name", "")).toEqual([]);
  });

  it("offer the words that a command takes", async () => {
    expect(await complete("completions", "z")).toEqual(["zsh"]);
  });
});

describe("completions for other shells", () => {
  it("for zsh describe each option, and escape what zsh would read", async () => {
    const [text = ""] = (await runCli(["completions", "zsh"])).out;
    expect(text).toMatch(/^#compdef mlflow-deployments\n/);
    expect(text).toContain(
      "'--json-format[of a JSON input; default\\: told from its content]:value:(split records columns tf-serving)'",
    );
    expect(text).toContain("'-I[rows for the model, in JSON or CSV; - for standard input]:file:_files'");
  });

  it("for fish describe each option", async () => {
    const [text = ""] = (await runCli(["completions", "fish"])).out;
    expect(text).toContain(
      "complete -c mlflow-deployments -n '__fish_seen_subcommand_from get' -l output -x -a 'json table' -d 'json, or a table as wide as the terminal; default: text'",
    );
    expect(text).toContain("-s I -l input-path -r -F -d");
  });
});
