import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { mlflowEnvironment, startMlflowServer } from "../../scripts/demo/mlflow-server.js";
import { run } from "../../src/runtime/process.js";

/** One request to a model, and what `mlflow.pyfunc` answers to it in the environment that the model was trained in. */
export interface Asked {
  rows: unknown[];
  params: Record<string, unknown> | null;
  /** Whether the answer comes part by part; then `expected` are the parts. */
  stream: boolean;
  expected?: unknown[];
  /** What the deployment's refusal says; such a request has no answer. */
  refused?: string;
}

/** A model on the server. */
export interface TrainedModel {
  /** `id`, of a logged model, is of MLflow 3 only. */
  uris: { version: string; alias: string; run: string; id?: string };
  requests: Asked[];
}

export interface TrainedModels {
  trackingUri: string;
  /** By their names. */
  models: Record<string, TrainedModel>;
  stop(): Promise<void>;
}

/**
 * Starts an MLflow server, and has a program train models and log them to it.
 *
 * @param directory - For the server's files; the models of another program may be there already.
 * @param program - One of `python/`.
 */
export async function trainModels(python: string, directory: string, program: string): Promise<TrainedModels> {
  const server = await startMlflowServer({ python, dataDir: join(directory, "mlflow") });
  try {
    const output = join(directory, "models.json");
    const { code, lines } = await run({
      command: python,
      args: ["-W", "ignore", join(import.meta.dirname, "python", program), output],
      cwd: directory,
      env: mlflowEnvironment({ MLFLOW_TRACKING_URI: server.trackingUri, PYTHONDONTWRITEBYTECODE: "1" }),
    });
    if (code !== 0) throw new Error(`${program} failed (exit code ${code}):\n${lines.slice(-30).join("\n")}`);
    const models = JSON.parse(await readFile(output, "utf8")) as Record<string, TrainedModel>;
    return { trackingUri: server.trackingUri, models, stop: async () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
