// npm run quickstart: sets everything up, then takes a model from MLflow to a prediction, without Docker or a Google account.
import { setUp, SetupError } from "./setup/index.mjs";
import { createTerminal } from "./terminal.mjs";

const terminal = createTerminal();
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => interruption.abort());

try {
  const { examples: python } = await setUp(terminal, ["examples"], interruption.signal);
  // What follows is TypeScript, which could not be run before the set-up.
  const { register } = await import("tsx/esm/api");
  register();
  const { quickstart } = await import("./quickstart/quickstart.ts");
  await quickstart({ terminal, python, signal: interruption.signal });
} catch (error) {
  if (interruption.signal.aborted) terminal.failure("Interrupted; everything is stopped.");
  else terminal.failure(error instanceof SetupError || !process.env.DEBUG ? error.message : error.stack);
  process.exitCode = interruption.signal.aborted ? 130 : 1;
}
