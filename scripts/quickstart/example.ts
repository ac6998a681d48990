import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { flowers } from "../../examples/flowers.js";
import { startProcess } from "../../src/runtime/process.js";
import { predictWithMlflow } from "../demo/iris-model.js";
import type { Terminal } from "./terminal.js";

const root = join(import.meta.dirname, "..", "..");

export interface ExampleOptions {
  terminal: Terminal;
  python: string;
  trackingUri: string;
  /** What tells the example where to deploy. */
  environment: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Runs examples/quickstart.ts as a user would. Its progress goes to the terminal (standard error); its results (standard
 * output, a word and JSON a line) are shown here, the predictions next to those of the model in MLflow.
 *
 * @throws Error when the example fails, or when the predictions differ.
 */
export async function runExample(options: ExampleOptions): Promise<void> {
  const { terminal, environment, signal } = options;
  terminal.title("npx tsx examples/quickstart.ts");
  // Asked meanwhile, because loading MLflow takes longer than many a deployment here.
  const expected = predictWithMlflow("models:/iris@champion", flowers, options);
  expected.catch(() => {}); // Awaited below, when there is something to compare it with.
  let predicted = false;
  let shown = Promise.resolve();
  const example = startProcess({
    command: process.execPath,
    // The emulator has been announced already.
    args: ["--disable-warning=MLFLOW_DEPLOYMENTS_EMULATOR", "--import", "tsx", join(root, "examples", "quickstart.ts")],
    cwd: root,
    env: { ...(process.env as Record<string, string>), ...environment },
    stderr: "inherit",
    onLine: (line) => {
      const [word = "", json = "null"] = line.split(/ (.*)/);
      predicted ||= word === "predict";
      shown = shown.then(async () =>
        word === "predict" ? comparePredictions(JSON.parse(json), expected, terminal) : show(terminal, word, json),
      );
      shown.catch(() => {}); // Awaited below, when the example has ended.
    },
    signal,
  });
  const { code } = await example.exited;
  await shown;
  if (code !== 0) throw new Error(`examples/quickstart.ts failed (exit code ${code}).`);
  if (!predicted) throw new Error("examples/quickstart.ts ended without a prediction.");
}

async function comparePredictions(predictions: unknown, expected: Promise<unknown>, terminal: Terminal): Promise<void> {
  terminal.line("Prediction", JSON.stringify(predictions));
  await terminal.step("MLflow's answer", async (say) => {
    say("examples/predict_with_mlflow.py");
    const answer = JSON.stringify(await expected);
    if (isDeepStrictEqual(predictions, await expected)) return `${answer}, the same`;
    throw new Error(`The deployment answered ${JSON.stringify(predictions)}, the model in MLflow ${answer}.`);
  });
}

function show(terminal: Terminal, word: string, json: string): void {
  const result = JSON.parse(json) as Record<string, unknown>;
  switch (word) {
    case "list":
      return terminal.line("List", (result as unknown as string[]).join(", "));
    case "get":
      return terminal.line("Get", describeDeployment(result));
    case "delete":
      return terminal.line("Delete", `${String(result["name"])}, with the endpoint that it owned`);
    default:
      return terminal.line(word, json);
  }
}

function describeDeployment({ state, endpoint, deployedModels }: Record<string, unknown>): string {
  const traffic = (deployedModels as { modelVersionId: string; trafficPercent: number }[]).map(
    (model) => `version ${model.modelVersionId} with ${model.trafficPercent} % of the traffic`,
  );
  return `${String(state)}: endpoint ${String(endpoint)}, ${traffic.join(", ")}`;
}
