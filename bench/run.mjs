// npm run bench: sets everything up, peers included, then measures. `-- NAME…` chooses, `--json FILE` keeps: see README.md.
import { parseArgs } from "node:util";
import { setUp, SetupError } from "../scripts/setup/index.mjs";
import { createTerminal } from "../scripts/terminal.mjs";

const terminal = createTerminal();
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => interruption.abort());

/** A whole number of at least 1. */
function count(text, option) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new SetupError(`--${option} takes a whole number of at least 1, not ${text}.`);
}

try {
  const { values, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "string" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      megabytes: { type: "string", default: "200" },
      link: { type: "string", default: "50" },
    },
  });
  const [rounds, seconds, megabytes, link] = ["rounds", "seconds", "megabytes", "link"].map((name) =>
    count(values[name], name),
  );
  const environments = await setUp(terminal, ["examples", "bench"], interruption.signal);
  // What follows is TypeScript, which could not be run before the set-up.
  const { register } = await import("tsx/esm/api");
  register();
  const { benchmark } = await import("./benchmark.ts");
  const { growth } = await import("./growth/index.ts");
  const { examples: python, bench: peersPython } = environments;
  const options = { terminal, python, peersPython, rounds, seconds, megabytes, link, signal: interruption.signal };
  if (names.length === 1 && names[0] === "growth") await growth(options, values.json);
  else await benchmark({ ...options, names, json: values.json });
} catch (error) {
  if (interruption.signal.aborted) terminal.failure("Interrupted; everything is stopped.");
  else terminal.failure(error instanceof SetupError || !process.env.DEBUG ? error.message : error.stack);
  process.exitCode = interruption.signal.aborted ? 130 : 1;
}
