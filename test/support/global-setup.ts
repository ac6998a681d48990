import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { trainIris } from "../../scripts/demo/iris-model.js";
import { startMlflowServer } from "../../scripts/demo/mlflow-server.js";
import { testPython } from "./python.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Of the one MLflow server that the integration tests share. */
    trackingUri: string;
    /** The run that trained the iris model. */
    runId: string;
    /** The version of the registered model `iris`, whose alias is `champion`. */
    modelVersion: string;
    /** `m-…`, the model's own id in MLflow 3. */
    modelId: string;
    /** Where emulators of integration tests record the requests that the contract tests check. */
    recordings: string;
  }
}

/** Starts one MLflow server and trains one model for all integration tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const recordings = join(project.config.root, ".test-output", "recordings");
  await rm(recordings, { recursive: true, force: true });
  await mkdir(recordings, { recursive: true });

  const python = testPython();
  const dataDir = await mkdtemp(join(tmpdir(), "mlflow-"));
  const server = await startMlflowServer({ python, dataDir });
  const teardown = async (): Promise<void> => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const model = await trainIris({ python, trackingUri: server.trackingUri });
    project.provide("trackingUri", server.trackingUri);
    project.provide("runId", model.run_id);
    project.provide("modelVersion", model.version);
    project.provide("modelId", model.model_id);
    project.provide("recordings", recordings);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
