import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformConfig, getDeployClient, runLocal } from "../../src/index.js";
import { writePyfunc } from "../support/pyfunc-model.js";
import { testPython } from "../support/python.js";

/** The iris model takes centimetres; this one takes inches, and says a species in another language. */
const inches = [5.1, 3.5, 1.4, 0.2].map((centimetres) => centimetres / 2.54);
const preprocessorCode = `
NAMES = {"setosa": "Borsten-Schwertlilie"}


class Preprocessor:
    def preprocess(self, instances):
        return instances * 2.54

    def postprocess(self, predictions):
        return [NAMES[name] for name in predictions]
`;
const answer = ["Borsten-Schwertlilie"];
const modelUri = "models:/iris@champion";

/** Does both by itself, and says so. */
const predictorCode = `
import mlflow.pyfunc
from preprocessor import Preprocessor


class Predictor:
    def __init__(self, model, preprocessor=None):
        self.model = model
        self.preprocessor = preprocessor

    def predict(self, instances, **kwargs):
        answers = self.model.predict(self.preprocessor.preprocess(instances))
        return [[name, "by a predictor of its own"] for name in self.preprocessor.postprocess(answers)]

    @classmethod
    def from_path(cls, model_dir):
        return cls(mlflow.pyfunc.load_model(model_dir), Preprocessor())
`;

let directory: string;
let emulator: Emulator;
let place: AiPlatformConfig;
let preprocessor: string;
let predictionScript: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "own-code-"));
  preprocessor = join(directory, "inches.py");
  predictionScript = join(directory, "mine.py");
  await Promise.all([writeFile(preprocessor, preprocessorCode), writeFile(predictionScript, predictorCode)]);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "own-code.jsonl"),
  });
  await emulator.createBucket("acme-models", { location: "europe-west1", project: "acme" });
  place = {
    projectId: "acme",
    location: "europe-west1",
    productionBucket: "acme-models",
    trackingUri: inject("trackingUri"),
    emulatorHost: emulator.host,
    drainSeconds: 0,
  };
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

describe("on Vertex AI, a preprocessor of the user's", () => {
  const predict = async () =>
    (await getDeployClient("aiplatform", { config: place }).predict({ deploymentName: "vertex", inputs: [inches] }))
      .predictions;

  it("goes before and after the model, and marks the version as one that takes rows of its own", async () => {
    const client = getDeployClient("aiplatform", { config: place });
    const made = await client.createDeployment({ name: "vertex", modelUri, config: { preprocessor } });
    expect(await predict()).toEqual(answer);
    const labels = await labelsOf(made.model?.versionId ?? "");
    expect(labels).toMatchObject({ "custom-inputs": "true" });
  });

  it("keeps that mark when other labels change", async () => {
    const client = getDeployClient("aiplatform", { config: place });
    const updated = await client.updateDeployment({ name: "vertex", config: { labels: { team: "iris" } } });
    expect(await labelsOf(updated.model?.versionId ?? "")).toMatchObject({ "custom-inputs": "true", team: "iris" });
  });

  it("is imported by a predictor of the user's, and its content makes a new environment", async () => {
    const client = getDeployClient("aiplatform", { config: place });
    const before = await client.getDeployment({ name: "vertex" });
    const updated = await client.updateDeployment({ name: "vertex", config: { predictionScript } });
    expect(updated.hashes?.environment).not.toBe(before.hashes?.environment);
    expect(await predict()).toEqual([[...answer, "by a predictor of its own"]]);

    await writeFile(preprocessor, preprocessorCode.replace("Borsten-Schwertlilie", "Schwertlilie"));
    await client.updateDeployment({ name: "vertex", config: { preprocessor } });
    expect(await predict()).toEqual([["Schwertlilie", "by a predictor of its own"]]);
    await writeFile(preprocessor, preprocessorCode);
  });

  async function labelsOf(version: string): Promise<Record<string, string>> {
    const url = `http://${emulator.host}/v1/projects/acme/locations/europe-west1/models`;
    const { models } = (await (await fetch(url)).json()) as { models: { name: string }[] };
    const found = await fetch(`http://${emulator.host}/v1/${models[0]?.name}@${version}`);
    return ((await found.json()) as { labels: Record<string, string> }).labels;
  }
});

it("goes before and after the model on the legacy platform", async () => {
  const config: AiPlatformConfig = { ...place, platform: "legacy", preprocessor };
  const client = getDeployClient("aiplatform", { config });
  await client.createDeployment({ name: "legacy", modelUri });
  expect((await client.predict({ deploymentName: "legacy", inputs: [inches] })).predictions).toEqual(answer);
});

describe("on this machine, a preprocessor of the user's", () => {
  const here = () => ({ trackingUri: inject("trackingUri"), python: testPython(), preprocessor });

  it.each(["aiplatform", "local"] as const)("goes before and after the model in runLocal of %s", async (target) => {
    await using server = await runLocal(target, { name: "tester", modelUri, config: here() });
    expect((await server.predict({ inputs: [inches] })).predictions).toEqual(answer);
  });

  it("is part of a local deployment, and stays in an update that does not name it", async () => {
    const client = getDeployClient("local", { config: { ...here(), dataDir: join(directory, "local") } });
    const predict = async () => (await client.predict({ deploymentName: "local", inputs: [inches] })).predictions;
    try {
      await client.createDeployment({ name: "local", modelUri });
      expect(await predict()).toEqual(answer);
      const bare = getDeployClient("local", { config: { dataDir: join(directory, "local"), python: testPython() } });
      await bare.updateDeployment({ name: "local", config: { predictionScript } });
      expect(await predict()).toEqual([[...answer, "by a predictor of its own"]]);
    } finally {
      await client.deleteDeployment({ name: "local" });
    }
  });
});

describe("code in a model", () => {
  it("is found by it when it is served, as by MLflow: code_paths", async () => {
    const model = join(directory, "with-code");
    await writePyfunc(model, 3);
    await using server = await runLocal("local", { name: "code", modelUri: model, config: { python: testPython() } });
    expect((await server.predict({ inputs: [[1, 2, 3]] })).predictions).toEqual([18]);
  });

  /** Writes the same wheel each time, so that its environment is made once. */
  const makeWheel = `
import sys, zipfile
stem = "acme_sums-1.0"
files = {
    "acme_sums.py": "def total(rows):\\n    return rows.sum(axis=1) * 7\\n",
    f"{stem}.dist-info/METADATA": "Metadata-Version: 2.1\\nName: acme-sums\\nVersion: 1.0\\n",
    f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
record = f"{stem}.dist-info/RECORD"
files[record] = "".join(f"{name},,\\n" for name in [*files, record])
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name, text in files.items():
        archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), text)
`;

  it("is installed from its wheels, in the emulator's build and on this machine", { timeout: 900_000 }, async () => {
    const model = join(directory, "with-wheel");
    await writePyfunc(model, 1);
    await writeFile(
      join(model, "code", "sums.py"),
      `import acme_sums


def _load_pyfunc(path):
    return Model()


class Model:
    def predict(self, rows, params=None):
        return acme_sums.total(rows)

    def predict_stream(self, row, params=None):
        yield self.predict(row)
`,
    );
    await mkdir(join(model, "wheels"));
    const wheel = "wheels/acme_sums-1.0-py3-none-any.whl";
    await promisify(execFile)(testPython(), ["-c", makeWheel, join(model, wheel)]);
    await writeFile(join(model, "requirements.txt"), `mlflow==3.17.2\n${wheel}\n`);

    const client = getDeployClient("aiplatform", { config: place });
    await client.createDeployment({ name: "wheel", modelUri: model });
    expect((await client.predict({ deploymentName: "wheel", inputs: [[1, 2, 3]] })).predictions).toEqual([42]);

    const config = { python: testPython() };
    await using server = await runLocal("local", { name: "wheel", modelUri: model, config });
    expect((await server.predict({ inputs: [[1, 2, 3]] })).predictions).toEqual([42]);
  });
});
