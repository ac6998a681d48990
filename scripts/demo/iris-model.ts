import { join } from "node:path";
import { run } from "../../src/runtime/process.js";
import { mlflowEnvironment } from "./mlflow-server.js";

const examples = join(import.meta.dirname, "..", "..", "examples");

/** What `examples/train_iris.py` prints. */
export interface TrainedModel {
  run_id: string;
  /** `models:/iris/<version>` */
  model_uri: string;
  model_id: string;
  version: string;
  /** On flowers that it was not trained with, 0 to 1. */
  accuracy: number;
}

export interface PythonInTracking {
  /** The interpreter of an environment with mlflow and scikit-learn. */
  python: string;
  trackingUri: string;
  signal?: AbortSignal;
}

/** Trains the iris model, registered as `iris` with the alias `champion`. */
export async function trainIris(where: PythonInTracking): Promise<TrainedModel> {
  return (await runExample("train_iris.py", [], where)) as TrainedModel;
}

/** What the model itself answers, loaded by MLflow without any server. */
export async function predictWithMlflow(modelUri: string, rows: unknown[], where: PythonInTracking): Promise<unknown> {
  return runExample("predict_with_mlflow.py", [modelUri, JSON.stringify(rows)], where);
}

/** Runs a program of examples/ and returns the JSON of the last line that it prints. */
async function runExample(file: string, args: string[], where: PythonInTracking): Promise<unknown> {
  const printed: string[] = [];
  const { code, lines } = await run({
    command: where.python,
    args: [join(examples, file), ...args],
    env: mlflowEnvironment({ MLFLOW_TRACKING_URI: where.trackingUri }),
    onLine: (line, stream) => {
      if (stream === "stdout") printed.push(line);
    },
    ...(where.signal ? { signal: where.signal } : {}),
  });
  if (code !== 0) throw new Error(`${file} failed (exit code ${code}):\n${lines.slice(-15).join("\n")}`);
  // MLflow prints where a run can be seen, too.
  const json = printed.findLast((line) => /^[[{]/.test(line));
  return JSON.parse(json ?? "null");
}
