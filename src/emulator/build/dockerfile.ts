import { stepFailure } from "./build-failure.js";

/** One instruction of a Dockerfile ("Dockerfile reference" in Docker's documents). */
export interface Instruction {
  /** In capitals. */
  keyword: string;
  /** What follows the keyword, continuation lines joined. */
  text: string;
  /** The arguments, when they are in exec form: a JSON array. */
  exec: string[] | undefined;
  line: number;
}

const known = new Set(["FROM", "ARG", "ENV", "WORKDIR", "COPY", "USER", "EXPOSE", "LABEL", "RUN", "ENTRYPOINT", "CMD"]);

/**
 * The instructions of a Dockerfile.
 *
 * @throws BuildFailure for an instruction that Docker does not know, or that the emulator does not follow.
 */
export function parseDockerfile(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const first = at + 1;
    let statement = lines[at]!.trim();
    if (statement === "" || statement.startsWith("#")) continue;
    while (statement.endsWith("\\") && at + 1 < lines.length) {
      const next = lines[++at]!.trim();
      // comments and blank lines within a continued instruction are dropped
      if (next === "" || next.startsWith("#")) continue;
      statement = `${statement.slice(0, -1).trimEnd()} ${next}`;
    }
    instructions.push(parseInstruction(statement, first));
  }
  if (instructions.length === 0) throw stepFailure("the Dockerfile cannot be empty");
  return instructions;
}

function parseInstruction(statement: string, line: number): Instruction {
  const [, word = "", text = ""] = /^(\S+)\s*(.*)$/s.exec(statement) ?? [];
  const keyword = word.toUpperCase();
  if (!known.has(keyword)) {
    throw stepFailure(`dockerfile line ${line}: the emulator does not follow the instruction ${keyword}`);
  }
  return { keyword, text, exec: parseExecForm(text), line };
}

function parseExecForm(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const parsed = JSON.parse(text) as unknown;
    const isExec = Array.isArray(parsed) && parsed.every((each) => typeof each === "string");
    return isExec ? parsed : undefined;
  } catch {
    // as in Docker, what is no JSON array is the shell form
    return undefined;
  }
}

/** The values of `key=value` pairs, or of the older `key value` that `ENV` and `LABEL` take too. */
export function parsePairs(instruction: Instruction): [string, string][] {
  const words = splitWords(instruction.text);
  const [first = "", ...rest] = words;
  if (!first.includes("=")) return [[first, rest.join(" ")]];
  return words.map((word) => {
    const cut = word.indexOf("=");
    if (cut < 1) throw stepFailure(`dockerfile line ${instruction.line}: ${word} is not in the form name=value`);
    return [word.slice(0, cut), word.slice(cut + 1)];
  });
}

/** Words apart at blanks, quotes undone. */
export function splitWords(text: string): string[] {
  const words = text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_all, double: string, single: string, escaped: string) =>
      double !== undefined ? double.replace(/\\(["\\])/g, "$1") : (single ?? escaped),
    ),
  );
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` replaced; `\$` stays a dollar sign. */
export function substitute(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([-+])([^}]*))?\})/g,
    (all, plain: string | undefined, braced: string | undefined, operator: string | undefined, word = "") => {
      if (all === "\\$") return "\\$";
      const value = variables[plain ?? braced ?? ""] ?? "";
      if (operator === "-") return value === "" ? word : value;
      if (operator === "+") return value === "" ? "" : word;
      return value;
    },
  );
}
