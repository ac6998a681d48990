import { beforeEach, describe, expect, it } from "vitest";

import type { UploadRequest } from "../../src/core/services.js";
import { DeploymentError, getDeployClient, OperationFailedError } from "../../src/index.js";
import { mockModel, type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };
const second = { name: "tester", modelUri: "models:/iris/2" };

let platform: MockPlatform;

/** A platform on which each version of the model has files of its own. */
beforeEach(() => {
  platform = mockPlatform({
    model: (uri) => {
      const model = mockModel(uri);
      // the copy in the bucket has the files of the version that it was made of
      const version = /\/(\d)$/.exec(uri)?.[1] ?? "1";
      model.files[0]!.sha256 = version.repeat(64);
      return model;
    },
  });
});

const client = (services = platform.services) => getDeployClient("aiplatform", { services, config });
const methods = () => platform.recorder.methods;
const changes = () =>
  methods().filter((method) =>
    /\.(upload|create|deploy|undeploy|setTraffic|delete|scale|update|setLabels)$/.test(method),
  );
const forgetCalls = () => (platform.recorder.calls.length = 0);
const endpoint = () => [...platform.endpoints.endpoints.values()][0]!;

describe("a model that is known by other marks at its source than in the bucket", () => {
  beforeEach(() => {
    platform = mockPlatform({
      model: (uri) => {
        const model = mockModel(uri);
        const unread = { sha256: null, localPath: null, open: async () => Promise.reject(new Error("it was read")) };
        const crc32c = uri.startsWith("gs://") ? "AAAAAA==" : null;
        return { ...model, files: [{ path: "weights", size: 9, crc32c, ...unread }] };
      },
    });
  });

  it("stays the same one when an update reads it from there for another image", async () => {
    await client().createDeployment(request);
    const updated = await client().updateDeployment({ name: "tester", config: { baseImage: "python:3.11" } });
    expect(updated.changed).toBe(true);
    expect(updated.model?.source).toBe(request.modelUri);
    const [first, next] = platform.registry.versions;
    expect(next!.artifactUri).toBe(first!.artifactUri);
    expect(platform.bucket.objects.size).toBeGreaterThan(0);
    const sent = platform.recorder.callsOf("uploader", "upload").map(({ args }) => args[0] as UploadRequest);
    const prefixes = sent
      .filter(({ files }) => files.some(({ path }) => path === "weights"))
      .map(({ prefix }) => prefix);
    expect(new Set(prefixes).size).toBe(1);
  });
});

describe("an update with a new model", () => {
  it("deploys it beside the old, moves the traffic when it is healthy, waits, and then undeploys the old", async () => {
    await client().createDeployment(request);
    const [old] = endpoint().deployedModels;
    forgetCalls();
    const updated = await client().updateDeployment(second);
    expect(updated).toMatchObject({ name: "tester", state: "ready", changed: true, trafficPercent: 100, flavor: null });
    expect(updated.model).toMatchObject({ versionId: "2", source: "models:/iris/2" });
    expect(changes().filter((method) => !method.startsWith("uploader"))).toEqual([
      "versionManager.create",
      "endpointManager.deploy",
      "endpointManager.setTraffic",
      "endpointManager.undeploy",
    ]);
    expect(platform.recorder.callsOf("endpointManager", "deploy")[0]?.args[1]).toMatchObject({ takesTraffic: false });
    expect(endpoint().deployedModels.map(({ id }) => id)).toEqual(updated.deployedModels.map(({ id }) => id));
    expect(endpoint().deployedModels).not.toContainEqual(expect.objectContaining({ id: old!.id }));
  });

  it("run again changes nothing", async () => {
    await client().createDeployment(request);
    await client().updateDeployment(second);
    forgetCalls();
    await expect(client().updateDeployment(second)).resolves.toMatchObject({ changed: false });
    expect(changes()).toEqual([]);
    expect(platform.recorder.callsOf("deploymentStore", "write")).toEqual([]);
  });

  it("leaves a deployment that createDeployment with the same model and settings finds finished", async () => {
    await client().createDeployment({ ...request, config: { machineType: "n1-standard-8" } });
    await client().updateDeployment(second);
    await expect(
      client().createDeployment({ ...second, config: { machineType: "n1-standard-8" } }),
    ).resolves.toMatchObject({ changed: false });
  });

  it("keeps every setting that is not named, also the values of environment variables", async () => {
    const settings = { machineType: "n1-standard-8", minReplicaCount: 2, env: { MODE: "fast" }, labels: { team: "x" } };
    await client().createDeployment({ ...request, config: settings });
    const updated = await client().updateDeployment(second);
    expect(platform.registry.versions[1]).toMatchObject({ env: { MODE: "fast" }, labels: { team: "x" } });
    expect(updated.deployedModels).toMatchObject([
      { machineType: "n1-standard-8", minReplicaCount: 2, maxReplicaCount: 2 },
    ]);
  });

  it("does not take the old version's name along, since a name is one version's", async () => {
    await client().createDeployment({ ...request, config: { versionName: "v_1" } });
    const updated = await client().updateDeployment(second);
    expect(updated.model?.aliases).toEqual([]);
    const named = await client().updateDeployment({ ...request, config: { versionName: "v_3" } });
    expect(named.model?.aliases).toEqual(["v-3"]);
  });

  it("checks the flavor, which needs a model", async () => {
    await client().createDeployment(request);
    await expect(client().updateDeployment({ name: "tester", flavor: "sklearn" })).rejects.toThrow(
      /flavor needs modelUri/,
    );
    await expect(client().updateDeployment({ ...second, flavor: "sklearn" })).resolves.toMatchObject({
      flavor: "sklearn",
    });
  });

  it("keeps what the caller said in the history", async () => {
    await client().createDeployment(request);
    const { history } = await client().updateDeployment({ ...second, message: "retrained on June" });
    expect(history.at(-1)).toMatchObject({ action: "update", outcome: "succeeded", message: "retrained on June" });
  });
});

describe("an update whose new model never gets healthy", () => {
  const failing = () => {
    const { endpointManager } = platform.services;
    const deploy: typeof endpointManager.deploy = async () => ({
      name: "operations/doomed",
      wait: () => Promise.reject(new OperationFailedError("FAILED_PRECONDITION", "Model server never became ready.")),
      cancel: async () => {},
    });
    return {
      ...platform.services,
      endpointManager: Object.assign(Object.create(endpointManager) as typeof endpointManager, { deploy }),
    };
  };

  it("leaves the old one serving as it was, and takes the new version away", async () => {
    const { deployedModels } = await client().createDeployment(request);
    const failed = client(failing()).updateDeployment(second);
    await expect(failed).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(failed).rejects.toThrow(/never became ready.*The deployment goes on as it was/);
    const after = await client().getDeployment({ name: "tester" });
    expect(after).toMatchObject({ state: "ready", deployedModels, model: { source: "models:/iris/1" } });
    expect(platform.registry.versions).toHaveLength(1);
    expect(after.history.at(-1)).toMatchObject({ action: "update", outcome: "failed" });
  });

  it("can be run again, with another deployed model", async () => {
    await client().createDeployment(request);
    await expect(client(failing()).updateDeployment(second)).rejects.toBeInstanceOf(DeploymentError);
    await expect(client().updateDeployment(second)).resolves.toMatchObject({ changed: true });
  });
});

describe("an update that was cut off", () => {
  const cut = (service: string, method: string) =>
    platform.recorder.failNext(service, method, new DeploymentError("TEMPORARILY_UNAVAILABLE", "The network broke."));

  it.each([
    ["versionManager", "create"],
    ["endpointManager", "deploy"],
    ["endpointManager", "setTraffic"],
    ["endpointManager", "undeploy"],
  ])("at %s.%s is finished by running it again", async (service, method) => {
    await client().createDeployment(request);
    cut(service, method);
    await expect(client().updateDeployment(second)).rejects.toThrow("The network broke.");
    await expect(client().updateDeployment(second)).resolves.toMatchObject({ changed: true, trafficPercent: 100 });
    expect(endpoint().deployedModels).toHaveLength(1);
    expect(platform.registry.versions).toHaveLength(2);
    await expect(client().updateDeployment(second)).resolves.toMatchObject({ changed: false });
  });

  it("keeps createDeployment from finding the deployment finished, and says what was cut off", async () => {
    await client().createDeployment(request);
    cut("endpointManager", "setTraffic");
    await expect(client().updateDeployment(second)).rejects.toThrow("The network broke.");
    await expect(client().createDeployment(request)).rejects.toThrow(/An updateDeployment of "tester".*was cut off/);
  });

  it.each([
    ["endpointManager", "deploy"],
    ["endpointManager", "setTraffic"],
    ["endpointManager", "undeploy"],
  ])("at %s.%s gives way to another update, of which alone is left", async (service, method) => {
    await client().createDeployment(request);
    cut(service, method);
    await expect(client().updateDeployment(second)).rejects.toThrow("The network broke.");
    const third = await client().updateDeployment({ name: "tester", modelUri: "models:/iris/3" });
    expect(third.model?.source).toBe("models:/iris/3");
    expect(endpoint().deployedModels).toMatchObject([{ id: third.deployedModels[0]!.id, trafficPercent: 100 }]);
  });

  it("gives way to going back to what was served before", async () => {
    const { deployedModels } = await client().createDeployment(request);
    cut("endpointManager", "undeploy");
    await expect(client().updateDeployment(second)).rejects.toThrow("The network broke.");
    const back = await client().updateDeployment(request);
    expect(back.deployedModels.map(({ id }) => id)).toEqual(deployedModels.map(({ id }) => id));
    await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: false });
  });
});

describe("an update of settings only", () => {
  it.each<[string, object, string[]]>([
    ["replicas", { minReplicaCount: 2, maxReplicaCount: 4 }, ["endpointManager.scale"]],
    ["autoscaling", { maxReplicaCount: 4, autoscalingTargetCpuUtilization: 70 }, ["endpointManager.scale"]],
    ["labels", { labels: { team: "y" } }, ["versionManager.setLabels", "endpointManager.update"]],
    ["the endpoint's description", { endpointDescription: "irises" }, ["endpointManager.update"]],
  ])("changes %s in place", async (_what, named, expected) => {
    const { deployedModels } = await client().createDeployment(request);
    forgetCalls();
    const updated = await client().updateDeployment({ name: "tester", config: named });
    expect(updated.changed).toBe(true);
    expect(updated.deployedModels[0]!.id).toBe(deployedModels[0]!.id);
    expect(changes()).toEqual(expected);
    expect(methods()).not.toContain("modelResolver.resolve");
    await expect(client().updateDeployment({ name: "tester", config: named })).resolves.toMatchObject({
      changed: false,
    });
    await expect(client().createDeployment({ ...request, config: named })).resolves.toMatchObject({ changed: false });
  });

  it("deploys the same version anew for another machine type, and uploads nothing", async () => {
    await client().createDeployment(request);
    forgetCalls();
    const updated = await client().updateDeployment({ name: "tester", config: { machineType: "n1-standard-8" } });
    expect(updated.deployedModels).toMatchObject([{ machineType: "n1-standard-8", modelVersionId: "1" }]);
    expect(changes()).toEqual(["endpointManager.deploy", "endpointManager.setTraffic", "endpointManager.undeploy"]);
  });

  it("makes a new version of the same files to batch requests, which the next update keeps beside the variables", async () => {
    await client().createDeployment({ ...request, config: { env: { MODE: "fast" } } });
    await client().updateDeployment({ name: "tester", config: { maxBatchSize: 64, maxBatchDelay: 5 } });
    const env = { MODE: "fast", SERVING_MAX_BATCH_SIZE: "64", SERVING_MAX_BATCH_DELAY: "5" };
    expect(platform.registry.versions[1]).toMatchObject({ env });
    await client().updateDeployment(second);
    expect(platform.registry.versions[2]).toMatchObject({ env });
    forgetCalls();
    const again = client().updateDeployment({ name: "tester", config: { maxBatchSize: 64, env: { MODE: "fast" } } });
    await expect(again).resolves.toMatchObject({ changed: false });
    expect(changes()).toEqual([]);
  });

  it("makes a new version of the same files for other environment variables, and sends no file", async () => {
    await client().createDeployment(request);
    forgetCalls();
    const updated = await client().updateDeployment({ name: "tester", config: { env: { MODE: "fast" } } });
    expect(updated.model).toMatchObject({ versionId: "2", source: "models:/iris/1" });
    expect(platform.registry.versions[1]).toMatchObject({
      env: { MODE: "fast" },
      artifactUri: platform.registry.versions[0]!.artifactUri,
    });
    expect(methods()).not.toContain("uploader.upload");
  });

  it("keeps a fixed number of replicas fixed", async () => {
    await client().createDeployment(request);
    const updated = await client().updateDeployment({ name: "tester", config: { minReplicaCount: 3 } });
    expect(updated.deployedModels).toMatchObject([{ minReplicaCount: 3, maxReplicaCount: 3 }]);
  });

  it("is refused where the record is lost that knew of a preprocessor, unless it is named again", async () => {
    const own = { preprocessor: "mine.py" };
    await client().createDeployment({ ...request, config: own });
    platform.store.records.clear();
    await expect(client().updateDeployment(second)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /The record of "tester" is lost.*Name them again: predictionScript, preprocessor/,
      ) as string,
    });
    await expect(client().updateDeployment({ ...second, config: own })).resolves.toMatchObject({ changed: true });
  });

  it("works where the record is lost, from what runs", async () => {
    const { deployedModels } = await client().createDeployment({
      ...request,
      config: { machineType: "n1-standard-8" },
    });
    platform.store.records.clear();
    const updated = await client().updateDeployment({ name: "tester", config: { env: { MODE: "fast" } } });
    expect(updated).toMatchObject({ changed: true, trafficPercent: 100 });
    expect(updated.deployedModels).toMatchObject([{ machineType: "n1-standard-8" }]);
    expect(updated.deployedModels[0]!.id).not.toBe(deployedModels[0]!.id);
  });

  it.each<[object, RegExp]>([
    [{ endpointType: "dedicated" }, /endpointType is shared and cannot become dedicated/],
    [{ trafficPercent: 10 }, /for deployments that share an endpoint/],
    [{ maxReplicaCount: 1, minReplicaCount: 2 }, /at least minReplicaCount/],
  ])("refuses %j and changes nothing", async (named, message) => {
    await client().createDeployment(request);
    forgetCalls();
    await expect(client().updateDeployment({ name: "tester", config: named })).rejects.toThrow(message);
    expect(changes()).toEqual([]);
  });
});

describe("variables of the environment", () => {
  const withEnvironment = async <T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> => {
    const before = process.env;
    process.env = { ...before, ...variables };
    try {
      return await work();
    } finally {
      process.env = before;
    }
  };

  it("change nothing of a deployment where an update names no new model", async () => {
    await client().createDeployment({ ...request, config: { versionName: "v_1" } });
    const variables = { model_name: "other", version_name: "v_9", prediction_script: "gone.py" };
    await withEnvironment(variables, () =>
      client().updateDeployment({ name: "tester", config: { minReplicaCount: 2 } }),
    );
    expect(platform.registry.versions).toMatchObject([{ model: "models/tester", aliases: ["default", "v-1"] }]);
    platform.store.records.clear();
    await withEnvironment(variables, () => client().updateDeployment({ name: "tester", config: { env: { A: "b" } } }));
    expect(platform.registry.versions.map((version) => version.model)).toEqual(["models/tester", "models/tester"]);
  });

  it("name the new model's version, in the registry model that the deployment has", async () => {
    await client().createDeployment(request);
    const variables = { model_name: "other", version_name: "v_9" };
    const updated = await withEnvironment(variables, () => client().updateDeployment(second));
    expect(updated.model).toMatchObject({ name: "models/tester", aliases: ["v-9"] });
  });
});

describe("an update of what is not there to be updated", () => {
  it("rejects for a deployment that does not exist", async () => {
    await expect(client().updateDeployment(second)).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("says so of one that was never finished", async () => {
    platform.recorder.failNext("endpointManager", "deploy", new DeploymentError("TEMPORARILY_UNAVAILABLE", "No."));
    await expect(client().createDeployment(request)).rejects.toThrow("No.");
    await expect(client().updateDeployment(second)).rejects.toThrow(/was never finished/);
  });

  it("waits for a delete that was cut off", async () => {
    await client().createDeployment(request);
    platform.recorder.failNext("endpointManager", "undeploy", new DeploymentError("TEMPORARILY_UNAVAILABLE", "No."));
    await expect(client().deleteDeployment({ name: "tester" })).rejects.toThrow("No.");
    await expect(client().updateDeployment(second)).rejects.toThrow(/deleteDeployment of "tester" was cut off/);
  });
});
