import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import { testPython } from "../support/python.js";

let directory: string;
let emulator: Emulator;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "diagnose-"));
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "diagnose.jsonl"),
  });
  await emulator.createBucket("acme-models", { location: "europe-west1", project: "acme" });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const config = () => ({
  projectId: "acme",
  location: "europe-west1",
  productionBucket: "acme-models",
  trackingUri: inject("trackingUri"),
  buildServiceAccount: "builder@acme.iam.gserviceaccount.com",
  emulatorHost: emulator.host,
});

it("all is well with an MLflow server and an emulator that are", async () => {
  const diagnoses = await getDeployClient("aiplatform", { config: config() }).diagnose();
  expect(diagnoses.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(diagnoses.find(({ check }) => check === "mlflow")?.message).toMatch(
    /^MLflow 3\.\d+\.\d+ at .*model registry\.$/,
  );
  expect(diagnoses.find(({ check }) => check === "emulator")?.message).toContain(emulator.host);
});

it("a bucket that is not there is the one thing that fails", async () => {
  const client = getDeployClient("aiplatform", { config: { ...config(), productionBucket: "nobodys-bucket" } });
  const failed = (await client.diagnose()).filter(({ status }) => status !== "ok");
  expect(failed).toMatchObject([{ check: "bucket", status: "failed" }]);
});
