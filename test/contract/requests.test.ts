import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, type AiPlatformConfig, getDeployClient } from "../../src/index.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import { VertexEndpointManager } from "../../src/targets/aiplatform/vertex/endpoint-manager.js";
import { endpointId } from "../../src/targets/aiplatform/vertex/names.js";
import { testPython } from "../support/python.js";
import { writeModel } from "./model-directory.js";
import { checkRecordings, type Report } from "./oracle.js";

/** What the integration tests recorded; vitest.config.ts runs them first. */
const recordings = fileURLToPath(new URL("../../.test-output/recordings", import.meta.url));

/** Each method of Google's that the package uses on its way from a model to a prediction and back. */
const usedMethods = [
  "aiplatform.projects.locations.batchPredictionJobs.cancel",
  "aiplatform.projects.locations.batchPredictionJobs.create",
  "aiplatform.projects.locations.batchPredictionJobs.get",
  "aiplatform.projects.locations.batchPredictionJobs.list",
  "aiplatform.projects.locations.endpoints.create",
  "aiplatform.projects.locations.endpoints.delete",
  "aiplatform.projects.locations.endpoints.deployModel",
  "aiplatform.projects.locations.endpoints.get",
  "aiplatform.projects.locations.endpoints.list",
  "aiplatform.projects.locations.endpoints.mutateDeployedModel",
  "aiplatform.projects.locations.endpoints.operations.get",
  "aiplatform.projects.locations.endpoints.patch",
  "aiplatform.projects.locations.endpoints.predict",
  "aiplatform.projects.locations.endpoints.undeployModel",
  "aiplatform.projects.locations.models.delete",
  "aiplatform.projects.locations.models.deleteVersion",
  "aiplatform.projects.locations.models.get",
  "aiplatform.projects.locations.models.list",
  "aiplatform.projects.locations.models.listVersions",
  "aiplatform.projects.locations.models.mergeVersionAliases",
  "aiplatform.projects.locations.models.operations.get",
  "aiplatform.projects.locations.models.upload",
  "artifactregistry.projects.locations.repositories.create",
  "artifactregistry.projects.locations.repositories.get",
  "artifactregistry.projects.locations.repositories.packages.tags.get",
  "artifactregistry.projects.locations.repositories.packages.versions.delete",
  "artifactregistry.projects.locations.repositories.packages.versions.list",
  "cloudbuild.projects.locations.builds.create",
  "cloudbuild.projects.locations.builds.get",
  "cloudbuild.projects.locations.builds.list",
  "cloudresourcemanager.projects.testIamPermissions",
  "logging.entries.list",
  "serviceusage.services.batchGet",
  "storage.buckets.get",
  "storage.buckets.testIamPermissions",
  "storage.objects.delete",
  "storage.objects.get",
  "storage.objects.insert",
  "storage.objects.list",
];

let directory: string;
let emulator: Emulator;
let config: AiPlatformConfig;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "requests-"));
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(directory, "requests.jsonl"),
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  config = { projectId: "acme", productionBucket: "acme-models", emulatorHost: emulator.host };
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

/** Two versions of a model, the first by Cloud Build; what the platform answers is other tests' matter. */
async function deployAndDelete(): Promise<void> {
  const modelUri = join(directory, "model");
  await writeModel(modelUri, { loads: true });
  const client = getDeployClient("aiplatform", {
    config: { ...config, versionName: "v_1", labels: { team: "flowers" }, env: { GREETING: "hello" } },
  });
  const { deployedModels, hashes } = await client.createDeployment({ name: "built", modelUri });
  const { predictions } = await client.predict({ deploymentName: "built", inputs: [[1, 2, 3]] });
  expect(predictions).toEqual([6]);
  await client.getDeployment({ name: "built" });
  await client.listDeployments();
  await predictBatches(client);
  await changeTraffic(deployedModels[0]!.id);
  await client.updateDeployment({ name: "built", config: { maxReplicaCount: 2 } });

  const imageUri = `us-central1-docker.pkg.dev/acme/mlflow-deployments/serving:${hashes.environment}`;
  const other = getDeployClient("aiplatform", {
    config: {
      ...config,
      serving: "image",
      imageUri,
      modelName: "built",
      endpointType: "dedicated",
      maxReplicaCount: 2,
    },
  });
  await other.createDeployment({ name: "second", modelUri });
  await other.predict({ deploymentName: "second", inputs: [[1, 2, 3]], params: { temperature: 0.5 } });

  // the first version is the default one, so the other has to take its place; then that is the only one
  await client.deleteDeployment({ name: "built", config: { deleteModel: true } });
  await other.deleteDeployment({ name: "second", config: { deleteModel: true } });
}

/** One to its end with all that a job can be told, and one that is cancelled. */
async function predictBatches(client: AiPlatformClient): Promise<void> {
  const storage = new Storage({ apiEndpoint: emulator.url, projectId: "acme" });
  await storage.bucket("acme-models").file("rows/a.jsonl").save("[1, 2, 3]\n", { resumable: false });
  const files = { input: "gs://acme-models/rows/*.jsonl", output: "gs://acme-models/predicted" };
  const machines = { minReplicaCount: 1, maxReplicaCount: 2, batchSize: 8 };
  const request = { deploymentName: "built", ...files };
  const whole = await client.predictBatch({ ...request, params: { temperature: 0.5 }, config: machines });
  expect(whole).toMatchObject({ state: "succeeded", counts: { successful: 1 } });
  const operation = await client.predictBatch({ ...request, config: { sync: false } });
  await operation.cancel();
}

/** As the package does where the model that it deployed has lost its traffic. */
async function changeTraffic(deployedModelId: string): Promise<void> {
  const connection = new GoogleConnection({ emulatorHost: emulator.url, projectId: "acme" });
  const endpoints = new VertexEndpointManager({ connection, project: "acme", location: "us-central1" });
  const context = { report: () => {} };
  const endpoint = await endpoints.find(endpointId("built"), context);
  await endpoints.setTraffic(endpoint!, { [deployedModelId]: 100 }, context);
}

/** The container of a model that cannot be loaded ends, and the package asks for the end of its log. */
async function failToDeploy(): Promise<void> {
  const modelUri = join(directory, "broken");
  await writeModel(modelUri, { loads: false });
  const failed = getDeployClient("aiplatform", { config }).createDeployment({ name: "broken", modelUri });
  await expect(failed).rejects.toThrow("this model does not load");
}

/** As an hour later: what has just been made is left alone. */
async function pruneAndDiagnose(): Promise<void> {
  const clock = { now: () => Date.now() + 2 * 60 * 60_000, sleep: () => Promise.resolve() };
  const client = getDeployClient("aiplatform", { config, services: { clock } });
  await client.deleteDeployment({ name: "broken" }); // as long as it may be run again, it needs its image
  await client.prune(await client.planPrune());
  await client.diagnose();
}

const summary = ({ violations }: Report) =>
  violations.map(({ file, line, method, path, problem }) => `${file}:${line} ${method} ${path}: ${problem}`);

describe("the requests of the package", () => {
  it("are what Google's contract asks for, each method of it that is used", async () => {
    await deployAndDelete();
    await failToDeploy();
    await pruneAndDiagnose();
    const report = await checkRecordings([join(directory, "requests.jsonl")]);
    expect(summary(report)).toEqual([]);
    expect(usedMethods.filter((method) => !(method in report.byMethod))).toEqual([]);
  });

  it("that the integration tests recorded are so too", async (context) => {
    const files = (await readdir(recordings).catch(() => [])).map((name) => join(recordings, name));
    if (files.length === 0) context.skip("no integration tests ran before");
    const report = await checkRecordings(files);
    expect(summary(report)).toEqual([]);
    expect(report.checked).toBeGreaterThan(0);
  });
});
