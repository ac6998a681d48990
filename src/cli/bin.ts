#!/usr/bin/env node
import { isatty } from "node:tty";

import { exitCode } from "./exit-code.js";
import { Interruption } from "./interruption.js";
import { main } from "./main.js";

const interruption = new Interruption(() => {
  if (isatty(2)) process.stderr.write("\u001B[?25h\n"); // the cursor that the progress has hidden
  process.exit(exitCode.interrupted);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interruption.interrupt());

// Who reads the output may stop reading it, as `head` does, and a terminal may be closed: that stops no deployment, and is no
// failure. A disk that is full is one.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE" || code === "EIO") return;
    if (stream === process.stdout) process.stderr.write(`Error: The output cannot be written: ${message}\n`);
    process.exitCode = exitCode.failure;
  });
}

// Node would print them with its process id and the name of a flag.
process.removeAllListeners("warning");
process.on("warning", ({ message }) => process.stderr.write(`warning: ${message}\n`));

const isTerminal = { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) };

const code = await main(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  draw: (text) => process.stderr.write(text),
  signal: interruption.signal,
  // opened by the first command that reads it
  get stdin() {
    return process.stdin;
  },
  isTerminal,
  columns: () => (isTerminal.stdout ? process.stdout : process.stderr).columns || undefined,
  env: process.env,
});
if (code !== exitCode.success) process.exitCode = code;
