/** What a command may touch of the world outside; a test gives its own. */
export interface CliIo {
  /** Writes a line of what the command answers: standard output. */
  out(line: string): void;
  /** Writes a line for the person who waits: standard error. */
  err(line: string): void;
  /** Aborted when the person or the system asks the command to end. */
  signal: AbortSignal;
}

/** One option of a command, in the notation of commander. */
export interface CommandOption {
  /** Such as `--port <number>`. */
  flags: string;
  description: string;
  default?: string;
  /** Whether it may be given more than once; its value is then a list. */
  repeatable?: boolean;
  /** Checks and converts what was typed; what it throws is a mistake of usage. Not for repeatable options. */
  parse?: (typed: string) => unknown;
}

/** The options that were typed, by their names in camel case. */
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
  options: readonly CommandOption[];
  /** @throws DeploymentError, which becomes a line on standard error and exit code 1 */
  run(values: CommandValues, io: CliIo): Promise<void>;
}
