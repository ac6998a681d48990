import { readFileSync } from "node:fs";
import { Command as Program, CommanderError, InvalidArgumentError, Option } from "commander";
import { DeploymentError } from "../core/errors.js";
import type { CliIo, Command, CommandOption, CommandValues } from "./command.js";
import { emulatorCommand } from "./emulator-command.js";

const commands: readonly Command[] = [emulatorCommand];

/** The exit codes of the program, as MLflow's own: a failure is 1, a mistake of usage 2. */
const exitCode = { success: 0, failure: 1, usage: 2 } as const;

/**
 * Runs the command line program.
 *
 * @param argv what was typed after the program's name
 * @returns the exit code: 0, 1 when the command failed, 2 when it was not understood. Never rejects.
 */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  const program = buildProgram(io);
  if (argv.length === 0) {
    io.out(program.helpInformation().trimEnd());
    return exitCode.success;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode.success;
  } catch (error) {
    return report(error, io);
  }
}

/** The one place where an error becomes a message and an exit code. */
function report(error: unknown, io: CliIo): number {
  if (error instanceof CommanderError) {
    // Commander has written its message, or the help or version that was asked for.
    return error.exitCode === 0 ? exitCode.success : exitCode.usage;
  }
  const { code, message } = DeploymentError.from(error, "The command");
  io.err(`Error: ${message} (${code})`);
  return exitCode.failure;
}

function buildProgram(io: CliIo): Program {
  const program = new Program("mlflow-deployments")
    .description("Takes models from MLflow to serving.")
    .version(packageVersion(), "-V, --version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  for (const command of commands) {
    const sub = program.command(command.name).summary(command.summary).description(command.summary);
    if (command.details) sub.addHelpText("after", `\n${command.details}`);
    for (const option of command.options) sub.addOption(commanderOption(option));
    sub.action(async (values: CommandValues) => command.run(values, io));
  }
  return program;
}

function commanderOption({ flags, description, default: preset, repeatable, parse }: CommandOption): Option {
  const option = new Option(flags, description);
  if (preset !== undefined) option.default(parse ? parse(preset) : preset, preset);
  if (repeatable) {
    return option.default([], "none").argParser((typed: string, before: string[]) => [...before, typed]);
  }
  if (parse) {
    option.argParser((typed: string) => {
      try {
        return parse(typed);
      } catch (error) {
        throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
      }
    });
  }
  return option;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
