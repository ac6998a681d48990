// Sets up packages and build, without the Python environments: what checks of the sources need.
import { setUp, SetupError } from "./setup/index.mjs";
import { createTerminal } from "./terminal.mjs";

const terminal = createTerminal();
try {
  await setUp(terminal, []);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  terminal.failure(error.message);
  process.exitCode = 1;
}
