import type { Command, CommandOption } from "../command.js";
import { longFlag, shortFlag, takesValue } from "../flags.js";

/** An option as a shell's completion sees it. */
export interface CompletedOption {
  /** `--target` */
  long: string;
  /** `-t` */
  short: string | undefined;
  description: string;
  /** Whether it may be given more than once. */
  repeatable: boolean;
  /** What follows it: nothing, a file, one of some words, or what only the person knows. */
  value: "none" | "file" | "free" | readonly string[];
}

/** A command as a shell's completion sees it. */
export interface CompletedCommand {
  name: string;
  summary: string;
  /** What its argument may be. */
  words: readonly string[];
  options: readonly CompletedOption[];
}

/** All that is completed. */
export interface CompletedProgram {
  name: string;
  commands: readonly CompletedCommand[];
}

const everywhere: readonly CommandOption[] = [
  { flags: "--verbose", description: "show where an error came from" },
  { flags: "-h, --help", description: "show help" },
];

/** @param targets - The names of the targets that are installed. */
export function completedProgram(commands: readonly Command[], targets: readonly string[]): CompletedProgram {
  return {
    name: "mlflow-deployments",
    commands: commands.map(({ name, summary, argument, options }) => ({
      name,
      summary,
      words: argument?.choices ?? [],
      options: [...options, ...everywhere].map((option) => ({
        long: longFlag(option.flags),
        short: shortFlag(option.flags),
        description: option.description,
        repeatable: option.repeatable === true,
        value: valueOf(option, targets),
      })),
    })),
  };
}

function valueOf({ flags, completes, choices }: CommandOption, targets: readonly string[]): CompletedOption["value"] {
  if (!takesValue(flags)) return "none";
  if (completes === "target") return targets;
  return choices ?? completes ?? "free";
}
