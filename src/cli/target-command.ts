import type { BaseDeploymentClient } from "../core/base-client.js";
import type { CallOptions, LongCallOptions } from "../core/options.js";
import type { CliIo, Command, CommandOption, CommandValues } from "./command.js";
import type { Outcome } from "./outcome.js";
import { configFileOption, jsonOption, outputOption } from "./target-options.js";

type Options<T extends CallOptions> = T & { config: Record<string, unknown>; signal: AbortSignal };

/** What a command of a target works with. */
export interface TargetCall {
  /** The target's client, made when it is first asked for: what else is wrong with the command shows before. */
  readonly client: BaseDeploymentClient;
  target: string;
  /** What every method takes: the settings of `-C`, and cancellation. The client has those of `--config-file`. */
  options: Options<CallOptions>;
  /** The settings of both, for what has no client. */
  allConfig: Record<string, unknown>;
  io: CliIo;
  /** Whether a person sits at a terminal, and wants to be asked. */
  canAsk: boolean;
  /**
   * Does what takes long: shows its progress, says of a Ctrl-C that it stops, and waits for what goes on in the background.
   *
   * @param work - Gets `options` with `onProgress`.
   */
  long<T>(work: (options: Options<LongCallOptions>) => Promise<T>): Promise<T>;
}

/** A command of a target, as data. */
export interface TargetCommand {
  name: string;
  summary: string;
  details?: string;
  options: readonly CommandOption[];
  /** Whether it takes `--json`: it has progress to tell. */
  events?: boolean;
  /** Whether it takes `--output`: it shows something. */
  forms?: boolean;
  /** @returns what is to be printed; undefined where the command has printed it itself */
  run: (call: TargetCall, values: CommandValues) => Promise<Outcome | undefined>;
}

/** The command that works with a target's client, and prints its outcome in the form that was asked for. */
export function targetCommand({ events, forms, run, ...definition }: TargetCommand): Command {
  return {
    ...definition,
    options: [
      ...definition.options,
      configFileOption,
      ...(events ? [jsonOption] : []),
      ...(forms ? [outputOption] : []),
    ],
    run: async (values, io) => {
      const { runTargetCommand } = await import("./run-target-command.js");
      return runTargetCommand(run, values, io);
    },
  };
}
