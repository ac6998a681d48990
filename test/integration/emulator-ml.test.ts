import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Storage } from "@google-cloud/storage";
import { logging } from "googleapis/build/src/apis/logging/index.js";
import { ml, type ml_v1 } from "googleapis/build/src/apis/ml/index.js";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { testPython } from "../support/python.js";
import { sourceArchive } from "../support/source-archive.js";
import { writeModel } from "../contract/model-directory.js";

type Version = ml_v1.Schema$GoogleCloudMlV1__Version;
type Operation = ml_v1.Schema$GoogleLongrunning__Operation;
interface Answer {
  predictions?: unknown[];
  error?: string;
}

const parent = "projects/acme";
const model = `${parent}/models/iris`;

let directory: string;
let emulator: Emulator;

const options = () => ({ dataDir: join(directory, "data"), python: testPython(), operationLatencyMs: 10 });
const projects = () => ml({ version: "v1", rootUrl: `${emulator.url}/` }).projects;
const bucket = () => new Storage({ apiEndpoint: emulator.url, projectId: "acme" }).bucket("acme-models");

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulator-ml-"));
  vi.stubEnv("MLFLOW_DEPLOYMENTS_CACHE", join(directory, "cache"));
  emulator = await startEmulator({ ...options(), record: join(inject("recordings"), "emulator-ml.jsonl") });
  await emulator.createBucket("acme-models", { location: "europe-west1", project: "acme" });
  await bucket().file("models/scale/factor.txt").save("3", { resumable: false });
  const requestBody = { name: "iris", regions: ["europe-west1"], onlinePredictionConsoleLogging: true };
  await projects().models.create({ parent, requestBody });
  await projects().models.get({ name: model });
});

afterAll(async () => {
  await emulator.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

/** Uploads a source distribution of one module, and gives its URI. */
async function uploadPackage(name: string, predictor: string, requires: string[] = []): Promise<string> {
  const root = `${name}-1.0`;
  const setup =
    `from setuptools import setup\nsetup(name="${name}", version="1.0", py_modules=["predictor"], ` +
    `install_requires=${JSON.stringify(requires)})\n`;
  const archive = await sourceArchive({
    [`${root}/setup.py`]: setup,
    [`${root}/predictor.py`]: predictor,
    [`${root}/PKG-INFO`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
  });
  await bucket().file(`packages/${root}.tar.gz`).save(archive, { resumable: false });
  return `gs://acme-models/packages/${root}.tar.gz`;
}

async function finished(name: string): Promise<Operation> {
  for (;;) {
    const { data } = await projects().operations.get({ name });
    if (data.done) return data;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function createVersion(name: string, packageUri: string, changes: Version = {}): Promise<Operation> {
  const requestBody: Version = {
    name,
    deploymentUri: "gs://acme-models/models/scale",
    runtimeVersion: "2.11",
    pythonVersion: "3.7",
    machineType: "mls1-c1-m2",
    packageUris: [packageUri],
    predictionClass: "predictor.Predictor",
    ...changes,
  };
  const { data } = await projects().models.versions.create({ parent: model, requestBody });
  return finished(data.name!);
}

/** `google.api.HttpBody`: the request's body is the data itself. */
async function predict(name: string, body: object): Promise<Answer> {
  const { data } = await projects().predict({ name, requestBody: body });
  return data as Answer;
}

const scaling = `
import os

class Predictor:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, instances, **kwargs):
        if kwargs.get("fail"):
            raise ValueError("the measure is missing")
        if kwargs.get("set"):
            return [{1, 2}]
        return [self.factor * sum(row) + kwargs.get("offset", 0) for row in instances]

    @classmethod
    def from_path(cls, model_dir):
        print("loading from", os.listdir(model_dir))
        return cls(float(open(os.path.join(model_dir, "factor.txt")).read()))
`;

describe("a custom prediction routine", () => {
  it("predicts with the model that its version was made from", async () => {
    const { error, response } = await createVersion("v_1", await uploadPackage("scaling", scaling));
    expect(error).toBeUndefined();
    expect(response).toMatchObject({ name: `${model}/versions/v_1`, state: "READY", isDefault: true });
    expect(await predict(model, { instances: [[1, 2], [4]] })).toEqual({ predictions: [9, 12] });
  });

  it("gets the request's other fields as keyword arguments", async () => {
    expect(await predict(model, { instances: [[1]], offset: 0.5 })).toEqual({ predictions: [3.5] });
  });

  it("answers an error with status 200, as the service did, and its log says why", async () => {
    const failed = { error: "Prediction failed: unknown error." };
    expect(await predict(model, { instances: [[1]], fail: true })).toEqual(failed);
    const set = await predict(model, { instances: [[1]], set: true });
    expect(set.error).toContain("Failed to json encode the prediction response:");
    const list = async () => {
      const filter = 'resource.type="cloudml_model_version" resource.labels.version_id="v_1"';
      const { data } = await logging({ version: "v2", rootUrl: `${emulator.url}/` }).entries.list({
        requestBody: { resourceNames: [parent], filter },
      });
      return (data.entries ?? []).map(({ textPayload }) => textPayload);
    };
    await expect.poll(list).toContain("ValueError: the measure is missing");
    expect(await list()).toContain("loading from ['factor.txt']");
  });

  it("whose requirements the interpreter lacks runs in an environment made for it", async () => {
    const predictor = scaling.replace(
      "import os",
      "import os\nimport colorama\nassert colorama.__version__ == '0.4.5'",
    );
    const packageUri = await uploadPackage("coloured", predictor, ["colorama==0.4.5"]);
    expect((await createVersion("v_2", packageUri)).error).toBeUndefined();
    expect(await predict(`${model}/versions/v_2`, { instances: [[2]] })).toEqual({ predictions: [6] });
    expect((await projects().models.get({ name: model })).data.defaultVersion?.name).toBe(`${model}/versions/v_1`);
  });

  it("fails to be created when its class does not load or its package does not install", async () => {
    const missing = await createVersion("missing", await uploadPackage("missing", "import a_module_that_is_not_there"));
    const said = "Unexpected error when loading the model: No module named 'a_module_that_is_not_there'";
    const message = `Create Version failed. Bad model detected with error:  "Failed to load model: ${said} (Error code: 0)"`;
    expect(missing.error).toMatchObject({ code: 9, message });
    const { data } = await projects().models.versions.get({ name: `${model}/versions/missing` });
    expect(data).toMatchObject({ state: "FAILED", errorMessage: message });

    const noPath = scaling.replace("from_path", "from_file");
    const wrong = await createVersion("wrong", await uploadPackage("wrong", noPath));
    expect(wrong.error?.message).toContain("predictor.Predictor has no method from_path");

    await bucket().file("packages/broken-1.0.tar.gz").save("not an archive", { resumable: false });
    const broken = await createVersion("broken", "gs://acme-models/packages/broken-1.0.tar.gz");
    expect(broken.error?.message).toContain("User-provided package broken-1.0.tar.gz failed to install");
  });
});

describe("the article's predictor", () => {
  it("loads its model with MLflow from the production URI in the bucket", async () => {
    const files = join(directory, "model");
    await writeModel(files, { loads: true });
    for (const name of ["MLmodel", "requirements.txt", "code/row_sums.py"]) {
      await bucket()
        .file(`production/model/${name}`)
        .save(await readFile(join(files, name)), { resumable: false });
    }
    const predictor = `
import mlflow.pyfunc
import numpy as np

class Predictor:
    def __init__(self, model, preprocessor=None):
        self.model = model

    def predict(self, instances, **kwargs):
        return self.model.predict(np.array(instances, dtype="float64")).tolist()

    @classmethod
    def from_path(cls, model_dir):
        return cls(mlflow.pyfunc.load_model("gs://acme-models/production/model"))
`;
    const packageUri = await uploadPackage("deploy_from_script", predictor, ["mlflow", "numpy"]);
    expect((await createVersion("v_3", packageUri)).error).toBeUndefined();
    expect(await predict(`${model}/versions/v_3`, { instances: [[1, 2, 3]] })).toEqual({ predictions: [6] });
  });
});

describe("a model's versions", () => {
  it("serve again after a restart, the default one by the model's name", async () => {
    const { data } = await projects().models.versions.setDefault({ name: `${model}/versions/v_2`, requestBody: {} });
    expect(data.isDefault).toBe(true);
    await emulator.stop();
    emulator = await startEmulator(options());
    expect(await predict(model, { instances: [[5]] })).toEqual({ predictions: [15] });
    expect(await predict(`${model}/versions/v_1`, { instances: [[5]], offset: 1 })).toEqual({ predictions: [16] });
    // not recorded, since Google's contract has no such request
    expect((await predict(model, { rows: [] })).error).toContain("Invalid request.");
  });

  it("are deleted, the default one last, and then the model", async () => {
    await emulator.stop();
    emulator = await startEmulator({ ...options(), record: join(inject("recordings"), "emulator-ml-again.jsonl") });
    const { versions = [] } = (await projects().models.versions.list({ parent: model, pageSize: 100 })).data;
    expect(versions.map(({ name, state }) => `${name?.split("/").at(-1)} ${state}`)).toEqual([
      "broken FAILED",
      "missing FAILED",
      "v_1 READY",
      "v_2 READY",
      "v_3 READY",
      "wrong FAILED",
    ]);
    const refused = projects().models.versions.delete({ name: `${model}/versions/v_2` });
    await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringContaining("default version") });
    await expect(projects().models.delete({ name: model })).rejects.toMatchObject({ status: 400 });
    const rest = versions.filter(({ isDefault }) => !isDefault);
    for (const { name } of [...rest, { name: `${model}/versions/v_2` }]) {
      const { data } = await projects().models.versions.delete({ name: name! });
      expect((await finished(data.name!)).error).toBeUndefined();
    }
    const { data } = await projects().models.delete({ name: model });
    await finished(data.name!);
    expect((await projects().models.list({ parent })).data).toEqual({});
  });
});
