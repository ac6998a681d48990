import { Readable } from "node:stream";

import type { CliIo } from "../../src/cli/command.js";
import { main } from "../../src/cli/main.js";
import type { FakeTerminal } from "./fake-terminal.js";

export interface CliResult {
  code: number;
  /** What was written to standard output, call by call. */
  out: string[];
  err: string[];
}

/** What the program finds around it. */
export interface CliWorld {
  /** The terminal that standard input, output and error are; without it they are pipes. */
  terminal?: FakeTerminal;
  /** What standard input holds, where it is no terminal. */
  stdin?: string;
  env?: Record<string, string>;
  /** In place of one that `onOut` can abort. */
  signal?: AbortSignal;
}

/** Runs the command line program in this process. `onOut` sees each line of standard output and may end the command. */
export async function runCli(
  argv: readonly string[],
  onOut?: (line: string, end: () => void) => void | Promise<void>,
  world: CliWorld = {},
): Promise<CliResult> {
  const { terminal, stdin = "", env = {} } = world;
  const controller = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  const io: CliIo = {
    out: (line) => {
      out.push(line);
      terminal?.write(`${line}\n`);
      void onOut?.(line, () => controller.abort());
    },
    err: (line) => {
      err.push(line);
      terminal?.write(`${line}\n`);
    },
    draw: (text) => terminal?.write(text),
    signal: world.signal ?? controller.signal,
    stdin: terminal?.stdin ?? Readable.from([stdin]),
    isTerminal: { stdin: Boolean(terminal), stdout: Boolean(terminal), stderr: Boolean(terminal) },
    columns: () => terminal?.columns,
    env,
  };
  return { code: await main(argv, io), out, err };
}
