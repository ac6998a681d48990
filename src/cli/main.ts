import type { CliIo } from "./command.js";
import { commands } from "./commands/index.js";
import { exitCode } from "./exit-code.js";
import { misuseText, usageLines } from "./misuse.js";
import { buildProgram, ParseEnd } from "./program.js";
import { reportUsageError } from "./report-error.js";
import { runCommand } from "./run-command.js";

/**
 * Runs the command line program.
 *
 * @param argv what was typed after the program's name
 * @returns the exit code: 0, 1 when the command failed, 2 when it was not understood, 130 when it was interrupted. Never
 * rejects.
 */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  let code: number = exitCode.success;
  const program = buildProgram(commands, io, async (command, values, parsed) => {
    code = await runCommand(command, values, io, usageLines(parsed));
  });
  if (argv.length === 0) {
    io.out(program.helpInformation().trimEnd());
    return code;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof ParseEnd)) throw error;
    if (error.end.exitCode === 0) return exitCode.success; // it has printed the help or the version
    return reportUsageError(misuseText(error), usageLines(error.command), io);
  }
}
