import { rejects } from "node:assert/strict";

import { beforeEach, describe, expect, it } from "vitest";

import { DeploymentError, getDeployClient, OperationFailedError } from "../../src/index.js";
import type { MockPlatform } from "../../src/testing/index.js";
import { copyOf, platformWithModels } from "../support/numbered-models.js";

const config = { projectId: "acme", productionBucket: "acme-models", drainSeconds: 1 };
const model = (number: number) => ({ name: "tester", modelUri: `models:/iris/${number}` });

let platform: MockPlatform;
beforeEach(() => {
  platform = platformWithModels();
});

const client = (services = platform.services) => getDeployClient("aiplatform", { services, config });
const endpoint = () => [...platform.endpoints.endpoints.values()][0]!;
const record = () => platform.store.records.get("tester")!.record;
const versionOf = (id: string | null | undefined) => platform.registry.versions.find((each) => each.versionId === id)!;
const broken = new DeploymentError("TEMPORARILY_UNAVAILABLE", "The network broke.");
const cut = (service: string, method: string) => platform.recorder.failNext(service, method, broken);

/** Operations of one kind fail for good; the platform did not do what they were to do. */
function failing(method: "deploy" | "undeploy" | "create") {
  const { endpointManager } = platform.services;
  const doomed = async () => ({
    name: "operations/doomed",
    wait: () => Promise.reject(new OperationFailedError("FAILED_PRECONDITION", "It failed for good.")),
    cancel: async () => {},
  });
  const changed = Object.assign(Object.create(endpointManager) as typeof endpointManager, { [method]: doomed });
  return client({ ...platform.services, endpointManager: changed });
}

describe("an update that was cut off when the new one had the traffic", () => {
  beforeEach(async () => {
    await client().createDeployment({ ...model(1), config: { env: { MODE: "slow" } } });
    cut("endpointManager", "undeploy");
    await rejects(client().updateDeployment({ ...model(2), config: { env: { MODE: "fast" } } }), /broke/);
  });

  it("is described by what serves", async () => {
    const seen = await client().getDeployment({ name: "tester" });
    expect(seen).toMatchObject({ trafficPercent: 100, model: { versionId: "2", source: "models:/iris/2" } });
    expect(seen.hashes.spec).toBe(record().update!.spec.specHash);
  });

  it("goes on from there with settings that are not named as what serves has them", async () => {
    const updated = await client().updateDeployment({ name: "tester", config: { machineType: "n1-standard-8" } });
    expect(updated).toMatchObject({ model: { source: "models:/iris/2" }, deployedModels: [{ trafficPercent: 100 }] });
    const version = versionOf(updated.model?.versionId);
    expect(version.env).toEqual({ MODE: "fast" });
    expect(version.artifactUri).toContain(copyOf(2));
  });

  it("goes back to the old model with the old version, also when that is undeployed already", async () => {
    const [old] = endpoint().deployedModels;
    await platform.endpoints.undeploy(endpoint(), old!.id).then((operation) => operation.wait());
    const back = await client().updateDeployment({ ...model(1), config: { env: { MODE: "slow" } } });
    expect(back).toMatchObject({ model: { versionId: "1", source: "models:/iris/1" } });
    expect(back.deployedModels).toMatchObject([{ modelVersionId: "1", trafficPercent: 100 }]);
    expect(record()).toMatchObject({ update: null, version: { versionId: "1" } });
  });

  it("stays unfinished when another update fails for good, so that nothing is found finished that is not", async () => {
    await expect(failing("deploy").updateDeployment(model(3))).rejects.toThrow(/goes on as it was/);
    expect(record().update?.spec.modelUri).toBe("models:/iris/2");
    const again = client().createDeployment({ ...model(1), config: { env: { MODE: "slow" } } });
    await expect(again).rejects.toThrow(/updateDeployment of "tester".*was cut off/);
    expect((await client().updateDeployment(model(1))).deployedModels).toHaveLength(1);
  });
});

describe("an update whose old model cannot be undeployed", () => {
  it("goes on serving the new one, says so, and is finished by running it again", async () => {
    await client().createDeployment(model(1));
    const failed = failing("undeploy").updateDeployment(model(2));
    await expect(failed).rejects.toThrow(/The new one serves already: run the same call again/);
    expect(await client().getDeployment({ name: "tester" })).toMatchObject({ model: { source: "models:/iris/2" } });
    platform.recorder.calls.length = 0;
    const finished = await client().updateDeployment(model(2));
    expect(finished.deployedModels).toMatchObject([{ trafficPercent: 100, modelVersionId: "2" }]);
    expect(platform.recorder.callsOf("endpointManager", "deploy")).toEqual([]);
    await expect(client().createDeployment(model(2))).resolves.toMatchObject({ changed: false });
  });
});

describe("what a failure for good leaves", () => {
  it("is no version, also where an earlier process has made it", async () => {
    await client().createDeployment(model(1));
    cut("endpointManager", "deploy");
    await expect(client().updateDeployment(model(2))).rejects.toThrow("broke");
    expect(platform.registry.versions).toHaveLength(2);
    await expect(failing("deploy").updateDeployment(model(2))).rejects.toThrow("failed for good");
    expect(platform.registry.versions.map(({ versionId }) => versionId)).toEqual(["1"]);
  });

  it("is no version of a new deployment whose endpoint is refused", async () => {
    await expect(failing("create").createDeployment(model(1))).rejects.toThrow("failed for good");
    expect(platform.registry.versions).toEqual([]);
  });

  it("is the version of an earlier model that served once, to which an update went back", async () => {
    await client().createDeployment(model(1));
    await client().updateDeployment(model(2));
    await expect(failing("deploy").updateDeployment(model(1))).rejects.toThrow("failed for good");
    expect(platform.registry.versions.map(({ versionId }) => versionId)).toEqual(["1", "2"]);
  });

  it("names no method that would take the deployment away", async () => {
    await client().createDeployment(model(1));
    platform.recorder.failNext("versionManager", "delete", broken);
    const failed = failing("deploy").updateDeployment(model(2));
    await expect(failed).rejects.toThrow(/could not be cleaned up.*prune does it/);
    await expect(failed).rejects.not.toThrow(/deleteDeployment/);
  });

  it("is another id for each attempt, however many have failed, and is known again without a record", async () => {
    await client().createDeployment(model(1));
    const ids = new Set<unknown>();
    for (let attempt = 0; attempt < 40; attempt++) {
      platform.recorder.failNext("endpointManager", "deploy", new DeploymentError("RESOURCE_EXHAUSTED", "No quota."));
      await expect(client().updateDeployment(model(2))).rejects.toThrow("No quota.");
      // a history is bounded
      const stored = platform.store.records.get("tester")!;
      stored.record.history = stored.record.history.slice(-3);
    }
    for (const { args } of platform.recorder.callsOf("endpointManager", "deploy").slice(1, 33))
      ids.add((args[1] as { deployedModelId: string }).deployedModelId);
    expect(ids.size).toBe(32);
    await client().updateDeployment(model(2));
    platform.store.records.clear();
    await expect(client().createDeployment(model(2))).resolves.toMatchObject({ changed: false });
  });
});

describe("settings that change in place", () => {
  it("are as the last call wants them, after one with others was cut off", async () => {
    await client().createDeployment(model(1));
    cut("versionManager", "setLabels");
    const named = { minReplicaCount: 3, labels: { team: "x" } };
    await expect(client().updateDeployment({ name: "tester", config: named })).rejects.toThrow("broke");
    await client().updateDeployment({ name: "tester", config: { minReplicaCount: 1, labels: { team: "y" } } });
    expect(endpoint()).toMatchObject({ labels: { team: "y" }, deployedModels: [{ minReplicaCount: 1 }] });
    expect(record().spec?.settings).toMatchObject({ minReplicaCount: 1, labels: { team: "y" } });
  });

  it("stay as somebody has set them by other means, and can be set back", async () => {
    await client().createDeployment(model(1));
    const scaled = { minReplicaCount: 5, maxReplicaCount: 5, autoscalingTargets: {} };
    await platform.endpoints.scale(endpoint(), endpoint().deployedModels[0]!.id, scaled).then((done) => done.wait());
    const updated = await client().updateDeployment(model(2));
    expect(updated.deployedModels).toMatchObject([{ minReplicaCount: 5, maxReplicaCount: 5 }]);
    await client().updateDeployment({ name: "tester", config: { minReplicaCount: 1 } });
    expect(endpoint().deployedModels).toMatchObject([{ minReplicaCount: 1, maxReplicaCount: 1 }]);
  });

  it("are changed where the record is lost", async () => {
    await client().createDeployment(model(1));
    platform.store.records.clear();
    const named = { name: "tester", config: { labels: { team: "x" }, minReplicaCount: 2 } };
    await expect(client().updateDeployment(named)).resolves.toMatchObject({ changed: true });
    expect(endpoint()).toMatchObject({ labels: { team: "x" }, deployedModels: [{ minReplicaCount: 2 }] });
    await expect(client().updateDeployment(named)).resolves.toMatchObject({ changed: false });
  });

  it("are those of the call where a version, an endpoint or a deployed model of an earlier attempt is found", async () => {
    cut("endpointManager", "deploy");
    const first = { labels: { team: "x" }, endpointDescription: "first" };
    await expect(client().createDeployment({ ...model(1), config: first })).rejects.toThrow("broke");
    await client().createDeployment({ ...model(1), config: { labels: { team: "y" } } });
    expect(endpoint()).toMatchObject({ labels: { team: "y" }, description: "" });
    expect(versionOf("1").labels).toMatchObject({ team: "y" });
  });
});

describe("the way of serving", () => {
  it("changes from an image of one's own to a built one, and leaves nothing of the other behind", async () => {
    const imageUri = "us-central1-docker.pkg.dev/acme/images/mine@sha256:1";
    await client().createDeployment({ ...model(1), config: { serving: "image", imageUri } });
    const updated = await client().updateDeployment({ name: "tester", config: { serving: "build" } });
    expect(updated.settings).toMatchObject({ serving: "build", imageUri: null });
    expect(updated.model?.source).toBe("models:/iris/1");
    expect(versionOf(updated.model?.versionId).imageUri).toContain("serving@sha256");
  });
});

describe("a deployment whose deployed model somebody has removed", () => {
  it("is not said to be unfinished, and is made again by what the error says", async () => {
    await client().createDeployment(model(1));
    await platform.endpoints.undeploy(endpoint(), endpoint().deployedModels[0]!.id).then((done) => done.wait());
    await expect(client().updateDeployment(model(2))).rejects.toThrow(/deleteDeployment, then createDeployment/);
    await client().deleteDeployment({ name: "tester" });
    await expect(client().createDeployment(model(2))).resolves.toMatchObject({ state: "ready" });
  });
});

describe("a record that is not of what serves", () => {
  it("is written anew by an update, and createDeployment agrees afterwards", async () => {
    await client().createDeployment(model(1));
    const stale = structuredClone(record());
    await client().updateDeployment(model(2));
    Object.assign(record(), { spec: stale.spec, version: stale.version, attempt: 7 });
    await expect(client().createDeployment(model(2))).rejects.toThrow(/Call updateDeployment/);
    await client().updateDeployment(model(2));
    await expect(client().createDeployment(model(2))).resolves.toMatchObject({ changed: false });
  });
});
