import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import {
  type AiPlatformClient,
  type AiPlatformConfig,
  type CreatedDeployment,
  getDeployClient,
  type ProgressEvent,
} from "../../src/index.js";
import { testPython } from "../support/python.js";

const flower = [5.1, 3.5, 1.4, 0.2];

let directory: string;
let emulator: Emulator;
let config: AiPlatformConfig;
let client: AiPlatformClient;
let deployment: CreatedDeployment;
const events: ProgressEvent[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "legacy-"));
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "legacy.jsonl"),
  });
  await emulator.createBucket("acme-models", { location: "europe-west1", project: "acme" });
  config = {
    platform: "legacy",
    projectId: "acme",
    location: "europe-west1",
    regions: ["europe-west1"],
    productionBucket: "acme-models",
    productionRoute: "production/iris",
    runId: inject("runId"),
    trackingUri: inject("trackingUri"),
    modelName: "iris_model",
    drainSeconds: 0,
    emulatorHost: emulator.host,
  };
  client = getDeployClient("aiplatform", { config });
  deployment = await client.createDeployment({
    config: { versionName: "v_1" },
    onProgress: (event) => events.push(event),
  });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const predict = async (params?: Record<string, unknown>) =>
  (await client.predict({ deploymentName: "iris_model", inputs: [flower], ...(params && { params }) })).predictions;

describe("the article's flow on the legacy platform", () => {
  it("makes a model and a version of the names that the settings give", () => {
    expect(deployment).toMatchObject({ name: "iris_model", state: "ready", changed: true, trafficPercent: 100 });
    expect(deployment.endpoint).toMatchObject({ id: "iris_model", name: "projects/acme/models/iris_model" });
    expect(deployment.deployedModels).toMatchObject([{ modelVersionId: "v_1", machineType: "mls1-c1-m2" }]);
    expect(deployment.model).toMatchObject({ aliases: ["default", "v_1"], source: `runs:/${inject("runId")}` });
  });

  it("says that it has made the model", () => {
    const ofModel = events.filter((event) => event.type === "step" && event.step === "model");
    expect(ofModel).toMatchObject([{ status: "done", message: "iris_model (iris_model)" }]);
  });

  it("builds no image", () => {
    const image = events.find((event) => event.type === "step" && event.step === "image" && event.status !== "started");
    expect(image).toMatchObject({ status: "skipped" });
    expect(image).toHaveProperty("message", expect.stringMatching(/^gs:\/\/acme-models\/.*\.tar\.gz is there$/));
  });

  it("predicts by the model, with the predictor's own way of an answer", async () => {
    expect(await predict()).toEqual(["setosa"]);
  });

  it("gets and lists the deployment, also from another client that knows no record", async () => {
    expect(await client.getDeployment({ name: "iris_model" })).toMatchObject({
      state: "ready",
      model: { versionId: "v_1" },
    });
    const elsewhere = getDeployClient("aiplatform", { config: { ...config, productionRoute: "other" } });
    expect((await elsewhere.listDeployments()).map(({ name }) => name)).toEqual(["iris_model"]);
    expect(await elsewhere.getDeployment({ name: "iris_model" })).toMatchObject({ state: "ready" });
  });

  it("finds all there when it is run again", async () => {
    const again = await client.createDeployment({ config: { versionName: "v_1" } });
    expect(again).toMatchObject({ changed: false, deployedModels: [{ modelVersionId: "v_1" }] });
  });

  it("refuses another model under the name of a version that serves", async () => {
    const other = client.createDeployment({
      modelUri: "models:/iris@champion",
      config: { versionName: "v_1", labels: { team: "x" }, runtimeVersion: "2.8" },
    });
    await expect(other).rejects.toMatchObject({ code: "RESOURCE_ALREADY_EXISTS" });
    expect(await predict()).toEqual(["setosa"]);
  });

  it("updates by a second version, which becomes the default one before the first goes", async () => {
    const script = join(directory, "predictor.py");
    await writeFile(
      script,
      `import mlflow.pyfunc
import pandas

MODEL_ARTIFACT_URI = "MODEL_ARTIFACT_URI"


class Predictor:
    def __init__(self, model, preprocessor=None):
        self.model = model

    def predict(self, instances, **kwargs):
        if "fail" in kwargs:
            raise ValueError("asked to fail")
        columns = self.model.metadata.get_input_schema().input_names()
        answers = self.model.predict(pandas.DataFrame(instances, columns=columns))
        return [[str(answer), kwargs] for answer in answers]

    @classmethod
    def from_path(cls, model_dir):
        return cls(mlflow.pyfunc.load_model(MODEL_ARTIFACT_URI))
`,
    );
    const updated = await client.updateDeployment({
      name: "iris_model",
      config: { versionName: "2", predictionScript: script },
    });
    expect(updated).toMatchObject({ changed: true, trafficPercent: 100, deployedModels: [{ modelVersionId: "v_2" }] });
    expect(await predict({ k: 2 })).toEqual([["setosa", { k: 2 }]]);
  });

  it("says a failed prediction in the platform's words", async () => {
    await expect(predict({ fail: true })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("unknown error"),
    });
  });

  it("has the reason of it in the log", async () => {
    await vi.waitFor(async () =>
      expect(await client.getLogs({ name: "iris_model" })).toContainEqual(expect.stringContaining("asked to fail")),
    );
  });

  it("serves the same on another machine by a copy of the version", async () => {
    const updated = await client.updateDeployment({ name: "iris_model", config: { machineType: "mls1-c4-m2" } });
    expect(updated.deployedModels).toMatchObject([{ machineType: "mls1-c4-m2", trafficPercent: 100 }]);
    expect(await predict({ k: 3 })).toEqual([["setosa", { k: 3 }]]);
  });

  it("changes in place what the platform can change, and names what it cannot", async () => {
    const change = (config: AiPlatformConfig) => client.updateDeployment({ name: "iris_model", config });
    await change({ minReplicaCount: 1, maxReplicaCount: 3, endpointDescription: "Iris flowers", versionName: "v_3" });
    const before = await client.getDeployment({ name: "iris_model" });
    const after = await change({ minReplicaCount: 2, endpointDescription: "Irises" });
    expect(after.deployedModels).toMatchObject([{ minReplicaCount: 2, maxReplicaCount: 3, modelVersionId: "v_3" }]);
    expect(after.deployedModels[0]?.id).toBe(before.deployedModels[0]?.id);
    await expect(change({ labels: { team: "x" } })).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("labels"),
    });
    const { state, history } = await client.getDeployment({ name: "iris_model" });
    expect({ state, last: history.at(-1)?.outcome }).toEqual({ state: "ready", last: "failed" });
    await expect(change({})).resolves.toMatchObject({ changed: false });
  });

  it("says why a model does not load, and leaves nothing of it", async () => {
    const script = join(directory, "broken.py");
    await writeFile(
      script,
      `class Predictor:
    def predict(self, instances, **kwargs):
        return instances

    @classmethod
    def from_path(cls, model_dir):
        raise ValueError("no such model")
`,
    );
    const broken = { name: "broken", config: { modelName: "broken", predictionScript: script } };
    await expect(client.createDeployment(broken)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("no such model"),
    });
    await expect(client.getDeployment({ name: "broken", config: { modelName: "broken" } })).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining("no such model"),
    });
    expect((await client.listDeployments()).map(({ name }) => name)).toEqual(["iris_model"]);
    await client.deleteDeployment({ name: "broken", config: { modelName: "broken" } });
  });

  it("refuses what the platform does not have", async () => {
    await expect(client.createEndpoint({ name: "shared" })).rejects.toMatchObject({ code: "NOT_IMPLEMENTED" });
    await expect(client.predict({ endpoint: "iris_model", inputs: [1] })).rejects.toMatchObject({
      code: "NOT_IMPLEMENTED",
    });
  });

  it("deletes version and model, and what a failed creation by other hands has left in it", async () => {
    const versions = `http://${emulator.host}/v1/projects/acme/models/iris_model/versions`;
    const [serving] = ((await (await fetch(versions)).json()) as { versions: Record<string, unknown>[] }).versions;
    const { deploymentUri, packageUris, runtimeVersion, pythonVersion } = serving!;
    const body = {
      name: "theirs",
      deploymentUri,
      packageUris,
      runtimeVersion,
      pythonVersion,
      predictionClass: "no.One",
    };
    await fetch(versions, { method: "POST", body: JSON.stringify(body) });
    await vi.waitFor(
      async () => expect(await (await fetch(`${versions}/theirs`)).json()).toMatchObject({ state: "FAILED" }),
      60_000,
    );
    await client.deleteDeployment({ name: "iris_model" });
    await expect(client.getDeployment({ name: "iris_model" })).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
    expect(await client.listDeployments()).toEqual([]);
  });
});
