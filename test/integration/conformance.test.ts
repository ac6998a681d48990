import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as vitest from "vitest";
import { afterAll, beforeAll, inject } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import {
  type AiPlatformConfig,
  getDeployClient,
  type LocalConfig,
  runLocal,
  type RunLocalOptions,
} from "../../src/index.js";
import { describeTarget } from "../../src/testing/index.js";
import { allCapabilities } from "../../src/core/capabilities.js";
import { writePyfunc } from "../support/pyfunc-model.js";
import { testPython } from "../support/python.js";

let directory: string;
let emulator: Emulator;
const model = (factor: number | null) => join(directory, `times-${factor}`);

/** Does what the template's does, but for streams. */
const plainPredictor = `
import mlflow.pyfunc

class Predictor:
    def __init__(self, model, preprocessor=None):
        self.model = model

    def predict(self, instances, **kwargs):
        return self.model.predict(instances)

    @classmethod
    def from_path(cls, model_dir):
        return cls(mlflow.pyfunc.load_model(model_dir))
`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "conformance-"));
  for (const factor of [1, 10, null]) await writePyfunc(model(factor), factor);
  await writeFile(join(directory, "plain.py"), plainPredictor);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "conformance.jsonl"),
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

/** What is the same on both platforms. */
const models = {
  get model() {
    return model(1);
  },
  get otherModel() {
    return model(10);
  },
  get brokenModel() {
    return model(null);
  },
  get missingModel() {
    return join(directory, "no-such-model");
  },
  inputs: [
    [1, 2, 3],
    [0.5, -0.25, 4],
  ],
  expected: [6, 4.25],
  otherExpected: [60, 42.5],
  timeoutSeconds: 120,
};

/** A target with these models, which are there only once the tests run. */
function withModels<Options extends object>(options: Options): Options & typeof models {
  return Object.defineProperties(options, Object.getOwnPropertyDescriptors(models)) as Options & typeof models;
}

/** The rows as the explanation's metadata addresses them. */
const explained = {
  inputs: { row: { encoding: "BAG_OF_FEATURES" as const, indexFeatureMapping: ["a", "b", "c"] } },
  outputs: { sum: {} },
};

const client = (platform: "vertex" | "legacy") =>
  getDeployClient("aiplatform", {
    config: {
      projectId: "acme",
      productionBucket: "acme-models",
      emulatorHost: emulator.host,
      platform,
      ...(platform === "vertex" && { drainSeconds: 0 }),
    },
  });

const locally = (platform: "vertex" | "legacy") => (options: RunLocalOptions<AiPlatformConfig>) =>
  runLocal("aiplatform", { ...options, config: { ...options.config, platform, python: testPython() } });

const localConfig = () => ({ dataDir: join(directory, "local"), python: testPython() });

describeTarget<AiPlatformConfig>(
  withModels({
    name: "aiplatform, on Vertex AI",
    createClient: () => client("vertex"),
    runLocal: locally("vertex"),
    capabilities: allCapabilities,
    badInputs: [[1, 2]],
    otherConfig: { machineType: "n1-standard-4" },
    inPlaceConfig: { minReplicaCount: 2, maxReplicaCount: 3, labels: { team: "x" } },
    streamConfig: { endpointType: "dedicated" },
    streamParts: [6, 4.25],
    explainConfig: {
      explanationParameters: { sampledShapleyAttribution: { pathCount: 5 } },
      explanationMetadata: explained,
    },
  }),
  vitest,
);

describeTarget<AiPlatformConfig>(
  withModels({
    name: "aiplatform, on the legacy platform",
    createClient: () => client("legacy"),
    runLocal: locally("legacy"),
    capabilities: ["logs", "diagnose", "background"],
    otherConfig: { machineType: "mls1-c4-m2" },
  }),
  vitest,
);

describeTarget<LocalConfig>(
  withModels({
    name: "local",
    createClient: () => getDeployClient("local", { config: localConfig() }),
    runLocal: (options: RunLocalOptions<LocalConfig>) =>
      runLocal("local", { ...options, config: { ...options.config, ...localConfig() } }),
    capabilities: ["predictStream", "logs", "plan", "diagnose", "runLocal"] as const,
    badInputs: [[1, 2]],
    get otherConfig() {
      return { predictionScript: join(directory, "plain.py") };
    },
    streamParts: [6, 4.25],
  }),
  vitest,
);
