import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, inject } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import type { AiPlatformConfig } from "../../src/index.js";
import type { TargetUnderTest } from "../../src/testing/index.js";
import { writePyfunc } from "./pyfunc-model.js";
import { testPython } from "./python.js";

const inputs = [
  [1, 2, 3],
  [0.5, -0.25, 4],
];

/** Has the tests of this file run with the models that the conformance suite deploys. */
export function setUpModels() {
  let directory: string;
  const model = (factor: number | null) => join(directory, `times-${factor}`);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "conformance-"));
    for (const factor of [1, 10, null]) await writePyfunc(model(factor), factor);
  });

  afterAll(() => rm(directory, { recursive: true }));

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
    inputs,
    expected: [6, 4.25],
    otherExpected: [60, 42.5],
    timeoutSeconds: 120,
  };

  return {
    /** Where the tests may keep files, once they run. */
    directory: () => directory,
    /** A target with these models, which are there only once the tests run. */
    withModels: <Config extends object>(options: Omit<TargetUnderTest<Config>, keyof typeof models>) =>
      Object.defineProperties(options, Object.getOwnPropertyDescriptors(models)) as TargetUnderTest<Config>,
  };
}

/** {@link setUpModels}, with an emulator. */
export function setUpConformance(platform: "vertex" | "legacy") {
  const { directory, withModels } = setUpModels();
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({
      dataDir: join(directory(), "emulator"),
      python: testPython(),
      record: join(inject("recordings"), `conformance-${platform}.jsonl`),
      operationLatencyMs: 10,
    });
    await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  });

  afterAll(() => emulator.stop());

  return {
    /** Of the client, once the tests run. */
    config: (): AiPlatformConfig => ({
      projectId: "acme",
      productionBucket: "acme-models",
      emulatorHost: emulator.host,
      platform,
      drainSeconds: 0,
    }),
    withModels: withModels<AiPlatformConfig>,
    /** Puts the rows of the suite into a file of the bucket, for batch predictions. */
    saveRows: async () => {
      const storage = new Storage({ apiEndpoint: emulator.url, projectId: "acme" });
      const rows = inputs.map((row) => `${JSON.stringify(row)}\n`).join("");
      await storage.bucket("acme-models").file("rows.jsonl").save(rows, { resumable: false });
    },
  };
}
