import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { predictWithMlflow } from "../../scripts/demo/iris-model.js";
import { localFiles } from "../../src/core/model-files.js";
import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import {
  type AiPlatformClient,
  type AiPlatformConfig,
  type CreatedDeployment,
  getDeployClient,
  type ProgressEvent,
} from "../../src/index.js";
import { MlflowModelResolver } from "../../src/mlflow/model-resolver.js";
import { testPython } from "../support/python.js";

const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.2, 2.9, 4.3, 1.3],
  [7.7, 3.0, 6.1, 2.3],
];
const columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
const request = { name: "tester", modelUri: "models:/iris@champion" };

let directory: string;
/** A copy of the model on this machine. */
let modelDirectory: string;
let emulator: Emulator;
let config: AiPlatformConfig;
let client: AiPlatformClient;
let deployment: CreatedDeployment;
const events: ProgressEvent[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "main-path-"));
  modelDirectory = join(directory, "model");
  const resolver = new MlflowModelResolver({ trackingUri: inject("trackingUri") });
  const copied = await resolver.resolve(
    { modelUri: request.modelUri, directory: modelDirectory },
    { report: () => {} },
  );
  await localFiles(copied, copied.files, { report: () => {} });
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "main-path.jsonl"),
  });
  await emulator.createBucket("acme-models", { location: "europe-west1", project: "acme" });
  config = {
    projectId: "acme",
    location: "europe-west1",
    productionBucket: "acme-models",
    productionRoute: "models/iris",
    trackingUri: inject("trackingUri"),
    versionName: "v_1",
    emulatorHost: emulator.host,
  };
  client = getDeployClient("aiplatform", { config });
  deployment = await client.createDeployment({ ...request, onProgress: (event) => events.push(event) });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const stepsOf = (status: string) =>
  events.flatMap((event) => (event.type === "step" && event.status === status ? [event.step] : []));

describe("a model of an MLflow server, deployed to the emulator", () => {
  it("is ready, under its version's alias, with all the traffic", () => {
    expect(deployment).toMatchObject({ name: "tester", state: "ready", changed: true });
    expect(deployment.deployedModels).toMatchObject([{ trafficPercent: 100, modelVersionId: "1" }]);
    expect(deployment.model?.aliases).toContain("v-1");
    expect(stepsOf("done")).toEqual([
      "resolve",
      "bundle",
      "upload",
      "image",
      "model",
      "version",
      "endpoint",
      "deploy",
      "traffic",
    ]);
  });

  it("answers what it answers in MLflow, for rows as arrays and as objects in any order", async () => {
    const expected = await predictWithMlflow(request.modelUri, flowers, {
      python: testPython(),
      trackingUri: inject("trackingUri"),
    });
    const asObjects = flowers.map((row) =>
      Object.fromEntries(columns.map((column, index) => [column, row[index]]).toReversed()),
    );
    const { predictions, modelVersionId, deployedModelId } = await client.predict({
      deploymentName: "tester",
      inputs: flowers,
    });
    expect(predictions).toEqual(expected);
    expect({ modelVersionId, deployedModelId }).toEqual({
      modelVersionId: "1",
      deployedModelId: deployment.deployedModels[0]?.id,
    });
    expect((await client.predict({ endpoint: deployment.endpoint!.id, inputs: asObjects })).predictions).toEqual(
      expected,
    );
  });

  it("refuses a row that does not fit, and names row and column", async () => {
    const wrong = client.predict({ deploymentName: "tester", inputs: [flowers[0], [1, 2, "three", 4]] });
    await expect(wrong).rejects.toThrow(/instances\[1\].*petal length \(cm\).*three/);
    await expect(wrong).rejects.toMatchObject({
      code: expect.stringMatching(/FAILED_PRECONDITION|INVALID_PARAMETER_VALUE/) as string,
    });
  });

  it("is the same deployment by every URI of the same model, and nothing is sent for it", async () => {
    for (const modelUri of [
      `models:/iris/${inject("modelVersion")}`,
      `runs:/${inject("runId")}/model`,
      `runs:/${inject("runId")}`,
      `models:/${inject("modelId")}`,
    ]) {
      await expect(client.createDeployment({ ...request, modelUri })).resolves.toMatchObject({ changed: false });
    }
  });

  it("is another model from its copy in the bucket, which is known by its checksums", async () => {
    const upload = events.find(
      (event) => event.type === "step" && event.step === "upload" && event.status === "started",
    );
    const modelUri = upload?.type === "step" ? upload.message : "";
    expect(modelUri).toMatch(/^gs:\/\/acme-models\/models\/iris\/models\//);
    await expect(client.createDeployment({ ...request, modelUri })).rejects.toMatchObject({
      code: "RESOURCE_ALREADY_EXISTS",
      message: expect.stringContaining(modelUri),
    });
  });

  it("is listed, and found by its name with its settings and hashes", async () => {
    expect(await client.listDeployments()).toMatchObject([{ name: "tester", state: "ready" }]);
    const { changed, ...expected } = deployment;
    expect(changed).toBe(true);
    expect(await client.getDeployment({ name: "tester" })).toEqual(expected);
  });

  it("is found and listed without the bucket, from Vertex AI alone", async () => {
    const { productionBucket: _bucket, ...rest } = config;
    const bare = getDeployClient("aiplatform", { config: rest });
    expect(await bare.getDeployment({ name: "tester" })).toMatchObject({ state: "ready", model: { versionId: "1" } });
  });

  it("builds no image for another model with the same requirements", async () => {
    const retrained = join(directory, "retrained");
    await cp(modelDirectory, retrained, { recursive: true });
    await writeFile(join(retrained, "notes.txt"), "retrained");
    const seen: ProgressEvent[] = [];
    const second = await client.createDeployment({
      name: "second",
      modelUri: retrained,
      config: { modelName: "second" },
      onProgress: (event) => seen.push(event),
    });
    expect(second.hashes.environment).toBe(deployment.hashes.environment);
    expect(seen).toContainEqual(expect.objectContaining({ type: "step", step: "image", status: "skipped" }));
    await client.deleteDeployment({ name: "second", config: { deleteModel: true } });
  });

  it("with a predictor that cannot start ends with the container's last lines, and leaves nothing behind", async () => {
    const script = join(directory, "broken.py");
    await writeFile(
      script,
      "import missing_module\n\nclass Predictor:\n    def __init__(self, model, preprocessor=None): ...\n    def predict(self, instances, **kwargs): ...\n    @classmethod\n    def from_path(cls, model_dir): ...\n",
    );
    const failed = client.createDeployment({ ...request, name: "broken", config: { predictionScript: script } });
    await expect(failed).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(failed).rejects.toThrow(/Model server (exited unexpectedly|never became ready)[^]*missing_module/);
    expect((await client.listDeployments()).map(({ name }) => name)).toEqual(["tester"]);
    await expect(client.getDeployment({ name: "broken" })).rejects.toThrow(/Its last attempt failed/);
  });

  it("with a requirement that does not exist ends with the last lines of the build", async () => {
    const impossible = join(directory, "impossible");
    await cp(modelDirectory, impossible, { recursive: true });
    await writeFile(join(impossible, "requirements.txt"), "mlflow==3.17.2\nno-such-package-of-anyone==9.9.9\n");
    const failed = client.createDeployment({ ...request, name: "unbuildable", modelUri: impossible });
    await expect(failed).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(failed).rejects.toThrow(/no-such-package-of-anyone/);
  });

  it.each([
    [{ productionBucket: "nobodys-bucket" }, "RESOURCE_DOES_NOT_EXIST", /nobodys-bucket/],
    [{ location: "us-central1" }, "INVALID_PARAMETER_VALUE", /acme-models.*(europe-west1|EUROPE-WEST1)/],
  ])("is not begun with %j", async (wrong, code, message) => {
    const refused = client.createDeployment({ ...request, name: "never", config: wrong });
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
  });

  it("is deleted with its endpoint and, if asked for, its version; and deleting it again does nothing", async () => {
    await client.deleteDeployment({ name: "tester", config: { deleteModel: true } });
    expect(await client.listDeployments()).toEqual([]);
    await expect(client.getDeployment({ name: "tester" })).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
    await client.deleteDeployment({ name: "tester" });
    await expect(client.predict({ deploymentName: "tester", inputs: flowers })).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
  });
});
