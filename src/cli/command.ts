import type { Readable } from "node:stream";

/** What a command may touch of the world outside; a test gives its own. */
export interface CliIo {
  /** Writes a line of what the command answers: standard output. */
  out(line: string): void;
  /** Writes a line for the person who waits: standard error. */
  err(line: string): void;
  /** Writes text to standard error as it is: what is redrawn in place, and a question. */
  draw(text: string): void;
  /** Aborted when the person or the system asks the command to end. */
  signal: AbortSignal;
  stdin: Readable;
  /** Which of the three are a terminal. */
  isTerminal: { stdin: boolean; stdout: boolean; stderr: boolean };
  /** The width of the terminal in characters, as it is now; undefined where there is none. */
  columns(): number | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** One option of a command, in the notation of commander. */
export interface CommandOption {
  /** Such as `-t, --target <uri>`. */
  flags: string;
  description: string;
  default?: string;
  /** Whether it may be given more than once; its value is then a list. */
  repeatable?: boolean;
  /** Whether the command cannot do without it. */
  required?: boolean;
  /** Where a required option's value comes from when it was not typed; undefined when there is none. */
  otherwise?: () => Promise<string | undefined>;
  /** The only values that it takes. */
  choices?: readonly string[];
  /** What a shell completes it with. */
  completes?: "file" | "target";
  /** Checks and converts what was typed; what it throws is a mistake of usage. Not for repeatable options. */
  parse?: (typed: string) => unknown;
}

/** The one word that a command takes beside its options. */
interface CommandArgument {
  name: string;
  description: string;
  choices: readonly string[];
}

/** The options that were typed, by their names in camel case, and the argument by its own. */
export type CommandValues = Readonly<Record<string, unknown>>;

/**
 * A command as data. The module of a command imports nothing heavy at its top, so that `--help` is quick; what `run` needs it
 * imports when it runs.
 */
export interface Command {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** What the command's own help says besides, in whole lines. */
  details?: string;
  argument?: CommandArgument;
  options: readonly CommandOption[];
  /**
   * @returns the exit code where it is not 0
   * @throws UsageError for what only the options together show; DeploymentError, which becomes a line on standard error and
   * exit code 1
   */
  run(values: CommandValues, io: CliIo): Promise<number | void>;
}
