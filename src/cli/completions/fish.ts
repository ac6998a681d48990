import type { CompletedCommand, CompletedOption, CompletedProgram } from "./shape.js";

/** A completion script for fish: a file of its directory of completions. */
export function fishScript({ name, commands }: CompletedProgram): string {
  const lines = commands.flatMap((command) => [
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
    ...command.options.map((option) => optionLine(name, command, option)),
    ...(command.words.length > 0
      ? [`complete -c ${name} -n ${seen(command)} -f -a ${quoted(command.words.join(" "))}`]
      : []),
  ]);
  return `# Completion of ${name} for fish.\ncomplete -c ${name} -f\n${lines.join("\n")}\n`;
}

function optionLine(program: string, command: CompletedCommand, option: CompletedOption): string {
  const { long, short, description, value } = option;
  const names = `${short ? `-s ${short.slice(1)} ` : ""}-l ${long.slice(2)}`;
  return `complete -c ${program} -n ${seen(command)} ${names}${follows(value)} -d ${quoted(description)}`;
}

function follows(value: CompletedOption["value"]): string {
  if (value === "none") return "";
  if (value === "file") return " -r -F";
  return value === "free" ? " -x" : ` -x -a ${quoted(value.join(" "))}`;
}

function seen(command: CompletedCommand): string {
  return quoted(`__fish_seen_subcommand_from ${command.name}`);
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}
