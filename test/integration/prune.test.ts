import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, getDeployClient, type PruneItem } from "../../src/index.js";
import { writePyfunc } from "../support/pyfunc-model.js";
import { testPython } from "../support/python.js";

const rows = [[1, 2, 3]];
/** A predictor of its own makes an environment of its own. */
const predictor = `
class Predictor:
    def __init__(self, model, preprocessor=None):
        self._model = model

    def predict(self, instances, **kwargs):
        return [7 for _ in instances]

    @classmethod
    def from_path(cls, model_dir):
        return cls(None)
`;

let directory: string;
let emulator: Emulator;
let client: AiPlatformClient;
/** The same two hours later: what is here is old enough to be pruned. */
let later: AiPlatformClient;
const model = (factor: number) => join(directory, `times-${factor}`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "prune-"));
  for (const factor of [1, 10, 100]) await writePyfunc(model(factor), factor);
  await writeFile(join(directory, "predictor.py"), predictor);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "prune.jsonl"),
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  const config = {
    projectId: "acme",
    productionBucket: "acme-models",
    productionRoute: "models/iris",
    emulatorHost: emulator.host,
    drainSeconds: 0,
  };
  client = getDeployClient("aiplatform", { config });
  const clock = { now: () => Date.now() + 2 * 60 * 60_000, sleep: () => Promise.resolve() };
  later = getDeployClient("aiplatform", { config, services: { clock } });

  await client.createDeployment({ name: "tester", modelUri: model(1) });
  for (const factor of [10, 100]) await client.updateDeployment({ name: "tester", modelUri: model(factor) });
  const ownPredictor = { predictionScript: join(directory, "predictor.py") };
  await client.createDeployment({ name: "other", modelUri: model(100), config: ownPredictor });
  await client.deleteDeployment({ name: "other" });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const short = ({ kind, name }: PruneItem) =>
  `${kind} ${name.replace(/^.*\/models\/(tester|other)-[0-9a-f]{8}@/, "$1@").replace(/[0-9a-f]{16,}/g, "HASH")}`;

describe("what two updates and a deleted deployment leave", () => {
  it("is nothing to prune while it is new", async () => {
    expect(await client.planPrune()).toEqual([]);
  });

  it("is shown: the version between with its files, and the deleted one's model, image and bundle", async () => {
    const items = await later.planPrune();
    // version 1 is the model's default, and stays with its files
    expect(items.map(short).filter((item) => !item.startsWith("object"))).toEqual([
      "version tester@2",
      "version other@1",
      "image us-central1-docker.pkg.dev/acme/mlflow-deployments/serving@sha256:HASH",
    ]);
    const objects = items.filter(({ kind }) => kind === "object");
    expect(objects.map(short).toSorted()).toEqual([
      expect.stringMatching(/^object gs:\/\/acme-models\/models\/iris\/bundles\/HASH\/deploy_from_script-.*\.tar\.gz$/),
      "object gs://acme-models/models/iris/models/HASH/MLmodel",
      "object gs://acme-models/models/iris/models/HASH/code/sums.py",
      "object gs://acme-models/models/iris/models/HASH/requirements.txt",
    ]);
    expect(objects.every(({ size, createTime }) => size !== null && createTime !== null)).toBe(true);
    expect(items.find(({ kind }) => kind === "image")?.size).toBeGreaterThan(0);
  });

  it("keeps the newest versions that it is told to", async () => {
    const versions = (await later.planPrune({ keepVersions: 1 })).filter(({ kind }) => kind === "version");
    expect(versions).toEqual([]);
  });

  it("is deleted, and what serves goes on", async () => {
    const items = await later.planPrune();
    expect((await later.prune(items)).map(short).toSorted()).toEqual(items.map(short).toSorted());
    expect(await later.planPrune()).toEqual([]);
    expect((await client.predict({ deploymentName: "tester", inputs: rows })).predictions).toEqual([600]);
    await expect(client.updateDeployment({ name: "tester", modelUri: model(100) })).resolves.toMatchObject({
      changed: false,
    });
  });

  it("that was pruned is made again by the same call, and deployed again by an update", async () => {
    const ownPredictor = { predictionScript: join(directory, "predictor.py") };
    const other = await client.createDeployment({ name: "other", modelUri: model(100), config: ownPredictor });
    expect(other).toMatchObject({ state: "ready", changed: true });
    expect((await client.predict({ deploymentName: "other", inputs: rows })).predictions).toEqual([7]);
    await client.updateDeployment({ name: "tester", modelUri: model(10) });
    expect((await client.predict({ deploymentName: "tester", inputs: rows })).predictions).toEqual([60]);
  });
});
