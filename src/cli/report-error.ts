import { DeploymentError } from "../core/errors.js";
import type { CliIo, Command, CommandValues } from "./command.js";
import { exitCode } from "./exit-code.js";
import { hintFor } from "./hints.js";
import { printable } from "./output/printable.js";
import { DeclinedError, UsageError } from "./usage-error.js";

/** A command that has failed: which, with what it was given. */
export interface FailedCommand {
  command: Command;
  values: CommandValues;
  /** What stands above a mistake of usage. */
  usage: readonly string[];
}

/** The one place where an error of a command becomes a message and an exit code. */
export function reportError(error: unknown, failed: FailedCommand, io: CliIo): number {
  const { command, values, usage } = failed;
  if (error instanceof UsageError) return reportUsageError(error.message, usage, io);
  if (error instanceof DeclinedError) {
    io.err("Nothing was changed.");
    return failureCode(io);
  }
  const failure = DeploymentError.from(error, "The command");
  const { code, message, retryable } = failure;
  const hint = hintFor(failure, command, values);
  if (values["json"]) {
    io.out(JSON.stringify({ type: "error", code, message, retryable }));
  } else {
    io.err(`Error: ${printable(message)}`);
    io.err(`Code: ${code}`);
    if (hint) io.err(`Hint: ${hint}`);
  }
  if (values["verbose"]) for (const line of stackLines(failure)) io.err(printable(line));
  return failureCode(io);
}

function failureCode({ signal }: CliIo): number {
  return signal.aborted ? exitCode.interrupted : exitCode.failure;
}

/** A mistake of usage, in the form of MLflow's own command line (click). */
export function reportUsageError(message: string, usage: readonly string[], io: CliIo): number {
  for (const line of [...usage, `Error: ${message}`]) io.err(line);
  return exitCode.usage;
}

/** The stack, and those of the causes; of an error nothing but these, since other fields may hold what is secret. */
function stackLines(error: Error): string[] {
  const lines = [error.stack ?? error.message];
  for (let cause = error.cause; cause !== undefined && lines.length < 10;) {
    if (!(cause instanceof Error)) break;
    lines.push(`Caused by: ${cause.stack ?? cause.message}`);
    cause = cause.cause;
  }
  return lines;
}
