import type { CompletedCommand, CompletedOption, CompletedProgram } from "./shape.js";

/** A completion script for zsh: to be sourced after compinit, or kept as `_mlflow-deployments` in a directory of fpath. */
export function zshScript({ name, commands }: CompletedProgram): string {
  return `#compdef ${name}
_mlflow_deployments() {
  local -a commands
  commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.summary}`)}`).join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _${name} ]]; then
  _mlflow_deployments "$@"
else
  compdef _mlflow_deployments ${name}
fi
`;
}

function commandCase({ name, words, options }: CompletedCommand): string {
  const specs = options.flatMap(optionSpecs);
  if (words.length > 0) specs.push(quoted(`1:word:(${words.join(" ")})`));
  return `    ${name})\n      _arguments ${specs.join(" \\\n        ")}\n      ;;`;
}

/** One for each name of it: `'--target[description]:value:(aiplatform)'`. */
function optionSpecs({ long, short, description, repeatable, value }: CompletedOption): string[] {
  const shown = description.replace(/[[\]:\\]/g, String.raw`\$&`);
  const names = short ? [short, long] : [long];
  return names.map((flag) => quoted(`${repeatable ? "*" : ""}${flag}[${shown}]${follows(value)}`));
}

function follows(value: CompletedOption["value"]): string {
  if (value === "none") return "";
  if (value === "file") return ":file:_files";
  return value === "free" ? ":value: " : `:value:(${value.join(" ")})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
