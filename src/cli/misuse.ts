import type { Command as Program } from "commander";

import { longFlag } from "./flags.js";
import type { ParseEnd } from "./program.js";

/** What commander did not understand, said as MLflow's own command line (click) says it. */
export function misuseText({ command, end }: ParseEnd): string {
  const text = end.message.replace(/^error: /, "");
  const quoted = /'([^']*)'/.exec(text)?.[1] ?? "";
  const nearest = /\(Did you mean (?:one of )?(.+)\?\)/.exec(text)?.[1];
  const suggestion = nearest ? ` Did you mean '${nearest.split(", ").join("', '")}'?` : "";
  switch (end.code) {
    case "commander.unknownOption":
      return `No such option '${quoted}'.${suggestion}`;
    case "commander.unknownCommand":
      return `No such command '${quoted}'.${suggestion}`;
    case "commander.optionMissingArgument":
      return `Option '${longFlag(quoted)}' requires an argument.`;
    case "commander.missingArgument":
      return `Missing argument '${quoted.toUpperCase()}'.`;
    case "commander.excessArguments":
      return unexpected(command);
    case "commander.invalidArgument":
      return invalidValue(text);
    default:
      return text;
  }
}

/** What stands above every mistake of usage. */
export function usageLines(command: Program): string[] {
  const path = command.parent ? `${command.parent.name()} ${command.name()}` : command.name();
  const rest = command.parent ? "[OPTIONS]" : "[OPTIONS] COMMAND [ARGS]...";
  const words = command.registeredArguments.map((argument) => ` ${argument.name().toUpperCase()}`).join("");
  return [`Usage: ${path} ${rest}${words}`, `Try '${path} --help' for help.`, ""];
}

function unexpected(command: Program): string {
  const extra = command.args.slice(command.registeredArguments.length);
  return `Got unexpected extra argument${extra.length === 1 ? "" : "s"} (${extra.join(" ")})`;
}

/**
 * Of `option '--output <form>' argument 'x' is invalid. Allowed choices are json, table.`, or `command-argument value 'x' is
 * invalid for argument 'shell'. …`
 */
function invalidValue(text: string): string {
  const option = /^option '(?<flags>.*?)' argument '(?<value>.*)' is invalid\. ?(?<reason>.*)$/s.exec(text)?.groups;
  const word = /value '(?<value>.*)' is invalid for argument '(?<name>.*?)'\. ?(?<reason>.*)$/s.exec(text)?.groups;
  const { value = "", reason = text } = option ?? word ?? {};
  const what = option ? longFlag(option["flags"] ?? "") : (word?.["name"] ?? "").toUpperCase();
  const choices = /^Allowed choices are (.*)\.$/.exec(reason)?.[1];
  const why = choices ? `'${value}' is not one of '${choices.split(", ").join("', '")}'.` : reason;
  return `Invalid value for '${what}': ${why}`;
}
