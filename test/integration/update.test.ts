import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { type AiPlatformClient, getDeployClient } from "../../src/index.js";
import { writePyfunc } from "../support/pyfunc-model.js";
import { testPython } from "../support/python.js";

const rows = [[1, 2, 3]];

let directory: string;
let emulator: Emulator;
let client: AiPlatformClient;
const model = (factor: number | null) => join(directory, `times-${factor}`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "update-"));
  for (const factor of [1, 10, 100, null]) await writePyfunc(model(factor), factor);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "update.jsonl"),
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  const config = { projectId: "acme", productionBucket: "acme-models", emulatorHost: emulator.host, drainSeconds: 0 };
  client = getDeployClient("aiplatform", { config });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

/** Sends predictions, several at a time, until the work is done; gives what was answered, and what failed. */
async function whilePredicting(
  target: { deploymentName: string } | { endpoint: string },
  work: () => Promise<unknown>,
) {
  const answers = new Set<unknown>();
  const failures = new Set<string>();
  const done = new AbortController();
  const loop = async () => {
    while (!done.signal.aborted) {
      await client.predict({ ...target, inputs: rows }).then(
        ({ predictions }) => answers.add(predictions[0]),
        (error: unknown) => failures.add(String(error)),
      );
    }
  };
  const loops = [loop(), loop(), loop()];
  try {
    await work();
  } finally {
    done.abort();
    await Promise.all(loops);
  }
  return { answers: [...answers], failures: [...failures] };
}

describe("an update of what serves", () => {
  it("with a new model fails no prediction, and ends with the new one alone", async () => {
    await client.createDeployment({ name: "tester", modelUri: model(1) });
    const { answers, failures } = await whilePredicting({ deploymentName: "tester" }, async () => {
      await client.updateDeployment({ name: "tester", modelUri: model(10) });
    });
    expect(failures).toEqual([]);
    expect(answers).toEqual(expect.arrayContaining([6]));
    const { predictions } = await client.predict({ deploymentName: "tester", inputs: rows });
    expect(predictions).toEqual([60]);
    expect((await client.getDeployment({ name: "tester" })).deployedModels).toHaveLength(1);
  });

  it("with another machine type fails no prediction", async () => {
    const { failures } = await whilePredicting({ deploymentName: "tester" }, async () => {
      await client.updateDeployment({ name: "tester", config: { machineType: "n1-standard-4" } });
    });
    expect(failures).toEqual([]);
  });

  it("with replicas, labels and a description is done in place", async () => {
    const before = await client.getDeployment({ name: "tester" });
    const config = { minReplicaCount: 2, maxReplicaCount: 3, labels: { team: "x" }, endpointDescription: "sums" };
    const after = await client.updateDeployment({ name: "tester", config });
    expect(after.deployedModels).toMatchObject([
      { id: before.deployedModels[0]!.id, minReplicaCount: 2, maxReplicaCount: 3, machineType: "n1-standard-4" },
    ]);
    await expect(client.updateDeployment({ name: "tester", config })).resolves.toMatchObject({ changed: false });
  });

  it("with a model that does not load leaves the old one, with the container's last lines in the error", async () => {
    const { failures } = await whilePredicting({ deploymentName: "tester" }, async () => {
      const broken = client.updateDeployment({ name: "tester", modelUri: model(null) });
      await expect(broken).rejects.toThrow(/this model does not load/);
    });
    expect(failures).toEqual([]);
    expect(await client.getDeployment({ name: "tester" })).toMatchObject({ state: "ready", trafficPercent: 100 });
    await client.deleteDeployment({ name: "tester", config: { deleteModel: true } });
  });
});

describe("deployments that share an endpoint", () => {
  it("split its traffic, and none fails while one is updated and one is deleted", async () => {
    await client.createEndpoint({ name: "shop" });
    await client.createDeployment({ name: "a", modelUri: model(1), endpoint: "shop" });
    await client.createDeployment({ name: "b", modelUri: model(10), endpoint: "shop", config: { trafficPercent: 50 } });
    expect((await client.getEndpoint({ endpoint: "shop" })).traffic).toEqual({ a: 50, b: 50 });
    const { answers, failures } = await whilePredicting({ endpoint: "shop" }, async () => {
      await client.updateDeployment({ name: "b", modelUri: model(100) });
      await client.deleteDeployment({ name: "a" });
    });
    expect(failures).toEqual([]);
    expect(answers).toEqual(expect.arrayContaining([6, 60]));
    expect((await client.getEndpoint({ endpoint: "shop" })).traffic).toEqual({ b: 100 });
    expect((await client.predict({ deploymentName: "b", inputs: rows })).predictions).toEqual([600]);
    await expect(client.deleteEndpoint({ endpoint: "shop" })).rejects.toThrow(/has deployments: b/);
    await client.deleteDeployment({ name: "b" });
    await client.deleteEndpoint({ endpoint: "shop" });
    expect(await client.listEndpoints()).toEqual([]);
  });
});

describe("a plan", () => {
  it("does nothing to what it looks at", async () => {
    await client.createDeployment({ name: "tester", modelUri: model(1) });
    const planned = await client.planDeployment({ name: "tester", modelUri: model(10) });
    expect(planned).toMatchObject({ action: "update" });
    expect(planned.steps.map(({ step }) => step)).toEqual([
      "upload",
      "image",
      "version",
      "deploy",
      "traffic",
      "undeploy",
    ]);
    expect((await client.predict({ deploymentName: "tester", inputs: rows })).predictions).toEqual([6]);
    await client.deleteDeployment({ name: "tester" });
  });
});
