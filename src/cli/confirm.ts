import { createInterface } from "node:readline";

import type { CliIo } from "./command.js";
import { DeclinedError } from "./usage-error.js";

/**
 * Asks a person on the terminal, who has to say yes.
 *
 * @throws DeclinedError for any other answer, for the end of input, and for Ctrl-C
 */
export async function confirm(question: string, io: CliIo): Promise<void> {
  io.draw(`${question} [y/N] `);
  const answer = await readLine(io);
  if (answer === undefined) io.draw("\n");
  if (!/^\s*y(es)?\s*$/i.test(answer ?? "")) throw new DeclinedError();
}

/** A line of standard input; undefined at its end, and on Ctrl-C, which the terminal makes a signal in this mode. */
async function readLine(io: CliIo): Promise<string | undefined> {
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    return await new Promise((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(undefined));
      io.signal.addEventListener("abort", () => resolve(undefined), { once: true });
      if (io.signal.aborted) resolve(undefined);
    });
  } finally {
    lines.close();
  }
}
