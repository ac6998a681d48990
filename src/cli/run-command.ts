import type { CliIo, Command, CommandValues } from "./command.js";
import { exitCode } from "./exit-code.js";
import { displayedFlags, valueName } from "./flags.js";
import { reportError } from "./report-error.js";
import { UsageError } from "./usage-error.js";

/**
 * Runs one command. Never rejects.
 *
 * @param usage - What stands above a mistake of usage.
 * @returns the exit code
 */
export async function runCommand(
  command: Command,
  typed: CommandValues,
  io: CliIo,
  usage: readonly string[],
): Promise<number> {
  const values: Record<string, unknown> = { ...typed };
  try {
    await fillIn(command, values);
    return (await command.run(values, io)) ?? exitCode.success;
  } catch (error) {
    return reportError(error, { command, values, usage }, io);
  }
}

/** Adds empty lists, and the values that come from elsewhere. Complains of the first that is missing, in the order of the options. */
async function fillIn(command: Command, values: Record<string, unknown>): Promise<void> {
  for (const { flags, repeatable, required, otherwise } of command.options) {
    const name = valueName(flags);
    if (repeatable) values[name] ??= [];
    if (values[name] === undefined && otherwise) values[name] = await otherwise();
    if (required && values[name] === undefined) throw new UsageError(`Missing option ${displayedFlags(flags)}.`);
  }
}
