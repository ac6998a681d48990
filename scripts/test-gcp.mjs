// npm run test:gcp: sets everything up, then runs the main job on a real Google Cloud project. See test/gcp/plan.ts.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";
import { setUp, SetupError } from "./setup/index.mjs";
import { createTerminal } from "./terminal.mjs";

const terminal = createTerminal();
try {
  const { examples } = await setUp(terminal, ["examples"]);
  terminal.print();
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "test", "gcp", "main-path.ts")], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, MLFLOW_DEPLOYMENTS_TEST_PYTHON: examples },
  });
  // A Ctrl-C reaches it too; this process waits until it has cleaned up.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  terminal.failure(error.message);
  process.exitCode = 1;
}
