import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { Interruption } from "../../src/cli/interruption.js";

const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const packages = {
  "package.json": { dependencies: { "slow-target": "1" } },
  "node_modules/slow-target/package.json": {
    name: "slow-target",
    type: "module",
    mlflowDeployments: { targets: { slow: "./plugin.js" } },
  },
};
/** Its createDeployment ends when it is stopped, and a second later; not at all for the name `stubborn`. */
const plugin = `
const createDeployment = ({ name, onProgress, signal }) => new Promise((_, reject) => {
  const alive = setInterval(() => {}, 1000);
  onProgress({ type: "step", step: "deploy", status: "started", message: "it begins" });
  signal.addEventListener("abort", () => {
    if (name === "stubborn") return;
    clearInterval(alive);
    reject(Object.assign(new Error("aborted"), { name: "AbortError" }));
  });
});
const getDeployment = async ({ name }) => {
  process.emitWarning("received unexpected error = All promises were rejected", "MetadataLookupWarning");
  process.emitWarning("it is late", "LateWarning");
  return { name };
};
const listDeployments = async () => Array.from({ length: 20000 }, (_, index) => ({ name: "deployment-" + index }));
export const plugin = {
  name: "slow",
  createClient: () => ({ createDeployment, listDeployments, getDeployment }),
  targetHelp: () => "slow",
  runLocal: async () => {},
};`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cli-process-"));
  await mkdir(join(directory, "node_modules/slow-target"), { recursive: true });
  for (const [path, content] of Object.entries(packages))
    await writeFile(join(directory, path), JSON.stringify(content));
  await writeFile(join(directory, "node_modules/slow-target/plugin.js"), plugin);
});
afterAll(() => rm(directory, { recursive: true }));

type Program = ChildProcessByStdio<Writable, Readable, Readable>;
const programs: Program[] = [];
afterEach(() => {
  for (const program of programs.splice(0)) program.kill("SIGKILL");
});

function start(...argv: string[]): Program {
  const program = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), bin, ...argv], {
    cwd: directory,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  programs.push(program);
  return program;
}

/** Waits until the program has written this to standard error; gives all that it has written. */
async function written(program: Program, expected: string): Promise<string> {
  let all = "";
  for await (const chunk of program.stderr.iterator({ destroyOnReturn: false })) {
    all += String(chunk);
    if (all.includes(expected)) break;
  }
  return all;
}

describe("the program", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("stops what it does at %s, and ends with 130", async (signal) => {
    const program = start("create", "-t", "slow", "--name", "x", "-m", "m");
    await written(program, "it begins");
    program.kill(signal);
    const said = await written(program, "Hint:");
    expect(said).toContain("Stopping. Ctrl-C again exits at once.\nError: The command was cancelled.");
    expect(await once(program, "exit")).toEqual([130, null]);
  });

  it("exits at once at the second Ctrl-C", async () => {
    const program = start("create", "-t", "slow", "--name", "stubborn", "-m", "m");
    await written(program, "it begins");
    program.kill("SIGINT");
    await written(program, "Stopping.");
    const again = setInterval(() => program.kill("SIGINT"), 250);
    expect(await once(program, "exit")).toEqual([130, null]);
    clearInterval(again);
  });

  it("goes on without a word when nobody reads its output any more", async () => {
    const program = start("list", "-t", "slow", "--output", "table");
    program.stdout.destroy();
    const [said, end] = await Promise.all([text(program.stderr), once(program, "exit")]);
    expect([said, end]).toEqual(["", [0, null]]);
  });

  it.skipIf(!existsSync("/dev/full"))("fails when its output cannot be written", async () => {
    const full = await open("/dev/full", "w");
    const program = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), bin, "list", "-t", "slow"], {
      cwd: directory,
      stdio: ["ignore", full.fd, "pipe"],
    });
    const [said, end] = await Promise.all([text(program.stderr as Readable), once(program, "exit")]);
    await full.close();
    expect(said).toMatch(/^Error: The output cannot be written: .*ENOSPC/);
    expect(end).toEqual([1, null]);
  });

  it("prints warnings, but not that this is no machine of Google's", async () => {
    const program = start("get", "-t", "slow", "--name", "x");
    const [said] = await Promise.all([text(program.stderr), once(program, "exit")]);
    expect(said).toBe("warning: it is late\n");
  });

  it("reads rows from a pipe, and says what is wrong with them", async () => {
    const program = start("predict", "-t", "slow", "--name", "x", "-I", "-");
    program.stdin.end("[1, ");
    const [said, end] = await Promise.all([text(program.stderr), once(program, "exit")]);
    expect(said).toContain("Error: The input is not valid JSON");
    expect(end).toEqual([1, null]);
  });
});

describe("two signals", () => {
  const twice = (milliseconds: number) => {
    vi.useFakeTimers();
    let exits = 0;
    const interruption = new Interruption(() => void exits++);
    interruption.interrupt();
    vi.advanceTimersByTime(milliseconds);
    interruption.interrupt();
    vi.useRealTimers();
    return [interruption.signal.aborted, exits];
  };

  it("that come together are one Ctrl-C, as npx passes it on", () => {
    expect(twice(5)).toEqual([true, 0]);
  });

  it("one after the other are two", () => {
    expect(twice(500)).toEqual([true, 1]);
  });
});
