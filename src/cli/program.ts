import { readFileSync } from "node:fs";
import { Argument, Command as Program, type CommanderError, InvalidArgumentError, Option } from "commander";

import type { CliIo, Command, CommandOption, CommandValues } from "./command.js";

/** What commander did not understand, and of which command; or the end after a help or version that it has printed. */
export class ParseEnd extends Error {
  constructor(
    readonly command: Program,
    readonly end: CommanderError,
  ) {
    super(end.message);
  }
}

/** Columns: longer lines are hard to read. */
const widestHelp = 120;

/** Columns of descriptions beside the options, which stay in columns of their own on a narrow terminal too. */
const narrowestHelp = 20;

/** Runs the command that was typed. */
type Run = (command: Command, values: CommandValues, parsed: Program) => Promise<void>;

/**
 * The commands as a program of commander, which parses what was typed and prints help. Its mistakes of usage are thrown as
 * {@link ParseEnd}, and not printed.
 */
export function buildProgram(commands: readonly Command[], io: CliIo, run: Run): Program {
  const program = new Program("mlflow-deployments")
    .description("Takes models from MLflow to serving.")
    .version(packageVersion(), "-V, --version")
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(io.columns() ?? 80, widestHelp),
    })
    .configureHelp({ minWidthToWrap: narrowestHelp });
  endsByThrowing(program);
  for (const command of commands) addCommand(program, command, run);
  return program;
}

function addCommand(program: Program, command: Command, run: Run): void {
  const { name, summary, details, argument, options } = command;
  const sub = program.command(name).summary(summary).description(summary);
  endsByThrowing(sub);
  if (details) sub.addHelpText("after", `\n${details}`);
  if (argument) {
    sub.addArgument(new Argument(`<${argument.name}>`, argument.description).choices(argument.choices));
  }
  for (const option of options) sub.addOption(commanderOption(option));
  sub.addOption(new Option("--verbose", "show where an error came from: its stack, and the causes of it"));
  sub.action(async (...given: unknown[]) => {
    const typed = argument ? { [argument.name]: given[0] } : {};
    await run(command, { ...sub.opts(), ...typed }, sub);
  });
}

function endsByThrowing(command: Program): void {
  command.exitOverride((end) => {
    throw new ParseEnd(command, end);
  });
}

function commanderOption(given: CommandOption): Option {
  const { flags, description, default: preset, repeatable, required, otherwise, choices, parse } = given;
  const option = new Option(flags, required && !otherwise ? `${description} (required)` : description);
  if (preset !== undefined) option.default(parse ? parse(preset) : preset, preset);
  if (repeatable) return option.argParser((typed: string, before?: string[]) => [...(before ?? []), typed]);
  if (choices) option.choices(choices);
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
