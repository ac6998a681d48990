// npm test: sets everything up, then runs the tests; arguments go to vitest, as in `npm test -- test/unit`.
import { runVitest } from "./run-vitest.mjs";

await runVitest(["examples", "contract", "models", "mlflow2"], process.argv.slice(2));
