import type { CompletedCommand, CompletedOption, CompletedProgram } from "./shape.js";

/** A completion script for bash, 3.2 and later. */
export function bashScript({ name, commands }: CompletedProgram): string {
  return `# Completion of ${name} for bash: source this, or keep it where bash-completion looks for it.
_mlflow_deployments() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" words="" IFS=$' \\t\\n'
  COMPREPLY=()
  # bash makes three words of --output=json
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $prev == "=" ]]; then
    prev="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${[...commands.map((command) => command.name), "--help", "--version"].join(" ")}" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(commandCase).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _mlflow_deployments ${name}
`;
}

function commandCase({ name, words, options }: CompletedCommand): string {
  const all = [...words, ...options.flatMap(({ long, short }) => (short ? [long, short] : [long]))];
  const cases = options.filter(({ value }) => value !== "none").map(optionCase);
  return [
    `    ${name})`,
    `      words="${all.join(" ")}"`,
    ...(cases.length > 0 ? ['      case "$prev" in', ...cases, "      esac"] : []),
    "      ;;",
  ].join("\n");
}

function optionCase({ long, short, value }: CompletedOption): string {
  return `        ${short ? `${short} | ${long}` : long}) ${action(value)} ;;`;
}

function action(value: CompletedOption["value"]): string {
  if (value === "free") return "return";
  if (value !== "file") return `words="${typeof value === "string" ? "" : value.join(" ")}"`;
  return "compopt -o filenames 2> /dev/null; IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$cur\")); return";
}
