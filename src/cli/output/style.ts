import type { CliIo } from "../command.js";

/** Colours of a terminal, or none. */
export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/**
 * How text is painted on one of the two streams: `FORCE_COLOR` (other than 0) says that it is, then `NO_COLOR` that it is not,
 * else a terminal does that is not dumb.
 */
export function styleOf(io: Pick<CliIo, "env" | "isTerminal">, stream: "stdout" | "stderr"): Style {
  const painted = isPainted(io, stream);
  const paint = (name: keyof typeof codes) => (text: string) =>
    painted && text !== "" ? `\u001B[${codes[name]}m${text}\u001B[0m` : text;
  return { bold: paint("bold"), dim: paint("dim"), red: paint("red"), green: paint("green"), yellow: paint("yellow") };
}

function isPainted({ env, isTerminal }: Pick<CliIo, "env" | "isTerminal">, stream: "stdout" | "stderr"): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: terminal } = env;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return !none && isTerminal[stream] && terminal !== "dumb";
}
