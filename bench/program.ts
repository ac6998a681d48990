import { performance } from "node:perf_hooks";
import { join } from "node:path";
import { childEnvironment, run } from "../src/runtime/process.js";
import { type Cores, pinned } from "./cores.js";

export interface ProgramOptions {
  command: string;
  args: readonly string[];
  /** Default: that of this process. */
  cwd?: string;
  /** Variables beside those that any program may see. */
  env?: Record<string, string>;
  /** Default: on any core. */
  role?: keyof Cores;
  signal: AbortSignal;
}

export interface Finished {
  /** What it wrote on standard output. */
  lines: string[];
  /** From before its start until its end. */
  milliseconds: number;
}

/** A program of this folder, by its path in it. */
export const ownProgram = (path: string): string => join(import.meta.dirname, path);

/** Variables that keep MLflow from sending usage statistics. */
export const quietMlflow = { MLFLOW_DISABLE_TELEMETRY: "true" };

/** Of a program that fails: a stack of Node.js comes after the message. */
const shownLines = 30;

/** Runs a program to its end. @throws Error with its last lines when it fails. */
export async function runProgram({ command, args, cwd, env = {}, role, signal }: ProgramOptions): Promise<Finished> {
  const lines: string[] = [];
  const line = role === undefined ? { command, args } : pinned(role, command, args);
  const started = performance.now();
  const { code, lines: all } = await run({
    ...line,
    ...(cwd !== undefined && { cwd }),
    env: childEnvironment({ ...quietMlflow, ...env }),
    signal,
    onLine: (text, stream) => {
      if (stream === "stdout") lines.push(text);
    },
  });
  const milliseconds = performance.now() - started;
  if (code === 0) return { lines, milliseconds };
  throw new Error(
    `${command} ${args.join(" ").slice(0, 200)} failed (exit code ${code}):\n${all.slice(-shownLines).join("\n")}`,
  );
}

/** Runs a program that takes JSON as its only argument and says JSON on its last line. */
export async function runForJson<T>(
  command: string,
  program: string,
  argument: unknown,
  options: Pick<ProgramOptions, "env" | "role" | "signal">,
): Promise<T> {
  const args = [ownProgram(program), JSON.stringify(argument)];
  const { lines } = await runProgram({ command, args, ...options });
  return JSON.parse(lines.at(-1) ?? "null") as T;
}
