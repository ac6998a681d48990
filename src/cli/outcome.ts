import type { CliIo } from "./command.js";
import { styleOf } from "./output/style.js";
import { type Table, tableLines } from "./output/table.js";

/** What a command has come to, in the forms that it can be printed in. */
export interface Outcome {
  /** For programs: `--output json` and `--json`. */
  result: unknown;
  /** For people, and byte for byte MLflow's where MLflow has the command. Undefined for nothing. */
  text?: string | undefined;
  /** `--output table`. */
  table?: Table | undefined;
  /** Where it is not 0. */
  exitCode?: number;
}

/** Prints an outcome in the form that was asked for. */
export function printOutcome(
  { result, text, table }: Outcome,
  { json, output }: { json?: boolean | undefined; output?: string | undefined },
  io: CliIo,
): void {
  if (json) {
    io.out(JSON.stringify({ type: "result", result: result ?? null }));
  } else if (output === "json") {
    io.out(JSON.stringify(result ?? null, null, 2));
  } else if (output === "table" && table) {
    const width = io.isTerminal.stdout ? io.columns() : undefined;
    for (const line of tableLines(table, styleOf(io, "stdout"), width)) io.out(line);
  } else if (text !== undefined) {
    io.out(text);
  }
}
