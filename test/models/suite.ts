import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, getDeployClient } from "../../src/index.js";
import { type Asked, type TrainedModel, type TrainedModels, trainModels } from "./trained-models.js";

export interface ModelSuite {
  /** The interpreter that trains the models, and that the emulator runs them with. */
  python: () => string;
  /** The program of `python/` that trains them. */
  program: string;
  /** For each model, by its name, the URI that it is deployed by. */
  models: Record<string, keyof TrainedModel["uris"]>;
}

/** Deploys each model to the emulator, and has it answer as `mlflow.pyfunc` does: every number the same to the last bit. */
export function describeModels(server: string, suite: ModelSuite): void {
  let directory: string;
  let trained: TrainedModels;
  let emulator: Emulator;
  let client: AiPlatformClient;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "models-"));
    vi.stubEnv("MLFLOW_DEPLOYMENTS_CACHE", join(directory, "cache"));
    trained = await trainModels(suite.python(), directory, suite.program);
    emulator = await startEmulator({
      dataDir: join(directory, "emulator"),
      python: suite.python(),
      operationLatencyMs: 10,
    });
    await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
    const config = { projectId: "acme", productionBucket: "acme-models", emulatorHost: emulator.host, drainSeconds: 0 };
    client = getDeployClient("aiplatform", { config: { ...config, trackingUri: trained.trackingUri } });
  });

  afterAll(async () => {
    await emulator?.stop();
    await trained?.stop();
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true, force: true });
  });

  const answer = async (name: string, { rows, params, stream }: Asked): Promise<unknown[]> => {
    const request = { deploymentName: name, inputs: rows, ...(params ? { params } : {}) };
    if (!stream) return (await client.predict(request)).predictions;
    const parts: unknown[] = [];
    for await (const part of client.predictStream(request)) parts.push(part);
    return parts;
  };

  describe.concurrent(`of a server with ${server}`, () => {
    it.for(Object.entries(suite.models))("%s answers as in MLflow", async ([name, uri], { expect }) => {
      const model = trained.models[name]!;
      const streams = model.requests.some(({ stream }) => stream);
      await client.createDeployment({
        name,
        modelUri: model.uris[uri]!,
        config: { endpointType: streams ? "dedicated" : "shared" },
      });
      for (const asked of model.requests) {
        if (asked.refused !== undefined) await expect(answer(name, asked)).rejects.toThrow(asked.refused);
        else expect(await answer(name, asked)).toEqual(asked.expected);
      }
      await client.deleteDeployment({ name });
    });
  });

  it("were all of the trained models, each in the environment that it was trained in", async ({ expect }) => {
    expect(Object.keys(suite.models).toSorted()).toEqual(Object.keys(trained.models).toSorted());
    const made = await readdir(join(directory, "cache"), { recursive: true });
    expect(made.filter((path) => path.endsWith("site-packages/mlflow"))).toEqual([]);
  });
}
