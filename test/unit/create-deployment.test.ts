import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { DeploymentError, getDeployClient, OperationFailedError, type ProgressEvent } from "../../src/index.js";
import { newLock } from "../../src/rollout/lock.js";
import { mockModel, type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };

let platform: MockPlatform;
const client = (services = platform.services) => getDeployClient("aiplatform", { services, config });

beforeEach(() => {
  platform = mockPlatform();
});

/** The calls that change something. */
const changes = () =>
  platform.recorder.methods.filter((method) =>
    /\.(upload|ensure|create|deploy|undeploy|setTraffic|delete|write)$/.test(method),
  );

describe("createDeployment", () => {
  it("goes through the steps in their order and gives a deployment with all the traffic", async () => {
    const deployment = await client().createDeployment(request);
    expect(deployment).toMatchObject({ name: "tester", state: "ready", changed: true, flavor: null });
    expect(deployment.deployedModels).toMatchObject([{ trafficPercent: 100, modelVersionId: "1" }]);
    expect(deployment.model).toMatchObject({ versionId: "1", source: "models:/iris/1" });
    expect(changes().filter((method) => !method.startsWith("deploymentStore"))).toEqual([
      "uploader.upload",
      "uploader.upload",
      "imageBuilder.ensure",
      "modelManager.ensure",
      "versionManager.create",
      "endpointManager.create",
      "endpointManager.deploy",
    ]);
  });

  it("says nothing of the bundle's transfer, which is small, after the step upload has ended", async () => {
    const bucket = platform.services.uploader;
    const services = {
      ...platform.services,
      uploader: Object.assign(Object.create(bucket) as typeof bucket, {
        upload: async (...[request, context]: Parameters<typeof bucket.upload>) => {
          const whole = { bytes: 1, totalBytes: 1, files: 1, totalFiles: 1 };
          context.report({ type: "transfer", step: "upload", ...whole });
          return bucket.upload(request, context);
        },
      }),
    };
    const events: string[] = [];
    const onProgress = (event: ProgressEvent) => {
      if ("step" in event && event.step === "upload") events.push(event.type === "step" ? event.status : event.type);
    };
    await client(services).createDeployment({ ...request, onProgress });
    expect(events).toEqual(["started", "transfer", "done"]);
  });

  it("tells each step as it goes", async () => {
    const events: ProgressEvent[] = [];
    await client().createDeployment({ ...request, onProgress: (event) => events.push(event) });
    const done = events.flatMap((event) => (event.type === "step" && event.status !== "started" ? [event.step] : []));
    expect(done).toEqual(["resolve", "bundle", "upload", "image", "model", "version", "endpoint", "deploy", "traffic"]);
  });

  it("is not stopped by a listener that throws", async () => {
    const onProgress = () => {
      throw new Error("a bug of the listener");
    };
    await expect(client().createDeployment({ ...request, onProgress })).resolves.toMatchObject({ changed: true });
  });

  it("run again returns the same deployment and sends nothing that changes anything", async () => {
    const first = await client().createDeployment(request);
    platform.recorder.calls.length = 0;
    const second = await client().createDeployment(request);
    expect(second).toEqual({ ...first, changed: false });
    expect(changes()).toEqual([]);
  });

  it("treats a default that is written out as the default", async () => {
    await client().createDeployment(request);
    const written = { machineType: "n1-standard-2", max_replica_count: 1, modelName: "tester" };
    await expect(client().createDeployment({ ...request, config: written })).resolves.toMatchObject({ changed: false });
  });

  it("refuses the same deployment with ifExists: error, as MLflow does", async () => {
    await client().createDeployment(request);
    await expect(client().createDeployment({ ...request, config: { ifExists: "error" } })).rejects.toMatchObject({
      code: "RESOURCE_ALREADY_EXISTS",
    });
  });

  it("refuses another deployment of the name, and says what differs", async () => {
    await client().createDeployment(request);
    const other = client().createDeployment({ ...request, config: { machineType: "n1-standard-4" } });
    await expect(other).rejects.toMatchObject({ code: "RESOURCE_ALREADY_EXISTS" });
    await expect(other).rejects.toThrow(/machineType: n1-standard-2 → n1-standard-4.*updateDeployment/);
  });

  it("names a changed model, and no value of an environment variable", async () => {
    await client().createDeployment({ ...request, config: { env: { PASSWORD: "hunter2" } } });
    const retrained = mockModel("models:/iris/2");
    retrained.files[0]!.sha256 = "b".repeat(64);
    const { services } = platform;
    const other = client({
      ...services,
      modelResolver: { ...services.modelResolver, resolve: async () => retrained },
    }).createDeployment({
      name: "tester",
      modelUri: "models:/iris/2",
      config: { env: { PASSWORD: "hunter3" } },
    });
    await expect(other).rejects.toThrow(/model: models:\/iris\/1 → models:\/iris\/2.*env: /);
    await expect(other).rejects.not.toThrow(/hunter/);
    expect(JSON.stringify([...platform.store.records.values()])).not.toContain("hunter2");
  });

  it("returns a finished deployment whose record is lost", async () => {
    await client().createDeployment(request);
    platform.store.records.clear();
    await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: false, state: "ready" });
  });

  it.each([5, null, {}])("is refused where its name is no text: %j", async (name) => {
    await expect(client().createDeployment({ ...request, name: name as unknown as string })).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(/^The (name|parameter name) /),
    });
  });

  it("is another one for each name, in whatever letters", async () => {
    const names = ["iris", "Iris", "íris", "🌸".repeat(128), "a".repeat(128)];
    for (const name of names) await client().createDeployment({ ...request, name });
    expect((await client().listDeployments()).map(({ name }) => name)).toEqual(
      names.toSorted((a, b) => (a < b ? -1 : 1)),
    );
    for (const name of names) {
      await expect(client().createDeployment({ ...request, name })).resolves.toMatchObject({ name, changed: false });
    }
  });

  it("makes its endpoint anew where an earlier attempt has left it with another network", async () => {
    const { endpoint } = await client().createDeployment(request);
    await client().deleteDeployment({ name: "tester" });
    const left = { id: endpoint!.id, displayName: "tester", dedicated: false, encryptionKey: null, description: null };
    const labels = { "managed-by": "mlflow-deployments", deployment: "tester" };
    const other = { ...left, labels, network: "projects/1/global/networks/other", inferenceTimeout: null };
    await platform.endpoints.create(other).then((operation) => operation.wait());
    await client().createDeployment(request);
    expect(platform.endpoints.endpoints.get(endpoint!.id)?.network).toBeNull();
  });

  it("refuses an endpoint of its id that is not of this package", async () => {
    const { endpoint } = await client().createDeployment(request);
    platform.endpoints.endpoints.get(endpoint!.id)!.labels = {};
    await expect(client().createDeployment(request)).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
  });

  describe("while another process holds the lock", () => {
    const lock = (holder: object) => ({
      id: "other",
      owner: "ci@runner-7, process 12",
      host: "runner-7",
      pid: 12,
      acquiredAt: new Date(platform.services.clock.now() - 30_000).toISOString(),
      expiresAt: new Date(platform.services.clock.now() + 40_000).toISOString(),
      ...holder,
    });
    const lockedBy = async (holder: object) => {
      await client().createDeployment(request);
      platform.store.records.get("tester")!.record.lock = lock(holder);
    };

    it("is a conflict that names the owner and the lock's age", async () => {
      await lockedBy({});
      const blocked = client().createDeployment(request);
      await expect(blocked).rejects.toMatchObject({ code: "RESOURCE_CONFLICT", retryable: true });
      await expect(blocked).rejects.toThrow(/ci@runner-7, process 12, for 30 s/);
    });

    it("goes on when the lease has run out", async () => {
      await lockedBy({});
      platform.services.clock.advance(41_000);
      await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: false });
    });

    it("goes on when the holder was a process of this machine that is gone", async () => {
      await lockedBy({ host: newLock(0).host, pid: 2 ** 22 + 1 });
      await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: false });
    });

    it("deletes nothing", async () => {
      await lockedBy({});
      await expect(client().deleteDeployment({ name: "tester" })).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
      expect(platform.endpoints.endpoints.size).toBe(1);
    });
  });

  describe("when the container never gets healthy", () => {
    const unhealthy = new OperationFailedError("FAILED_PRECONDITION", "Model server never became ready.");
    const failing = () => {
      const { endpointManager } = platform.services;
      const deploy: typeof endpointManager.deploy = async () => ({
        name: "operations/doomed",
        wait: () => Promise.reject(unhealthy),
        cancel: async () => {},
      });
      const broken = Object.assign(Object.create(endpointManager) as typeof endpointManager, { deploy });
      return { ...platform.services, endpointManager: broken };
    };

    it("shows no value of an environment variable that the container has written, and keeps none", async () => {
      platform = mockPlatform({ containerLog: ["login with hunter2-secret failed"] });
      const config2 = { env: { PASSWORD: "hunter2-secret" } };
      const failed = client(failing()).createDeployment({ ...request, config: config2 });
      await expect(failed).rejects.toThrow("login with $(PASSWORD) failed");
      expect(JSON.stringify([...platform.store.records.values()])).not.toContain("hunter2");
    });

    it("shows the platform's message with the container's last lines", async () => {
      platform = mockPlatform({ containerLog: ["ModuleNotFoundError: No module named 'torch'"] });
      const failed = client(failing()).createDeployment(request);
      await expect(failed).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await expect(failed).rejects.toThrow(/never became ready[^]*No module named 'torch'/);
    });

    it("leaves no endpoint and no version behind, and keeps the reason", async () => {
      await expect(client(failing()).createDeployment(request)).rejects.toBeInstanceOf(DeploymentError);
      expect(platform.endpoints.endpoints.size).toBe(0);
      expect(platform.registry.versions).toEqual([]);
      await expect(client().getDeployment({ name: "tester" })).rejects.toThrow(
        /last attempt failed.*never became ready/,
      );
    });

    it("starts anew the next time, with another deployed model", async () => {
      await expect(client(failing()).createDeployment(request)).rejects.toBeInstanceOf(DeploymentError);
      await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: true, state: "ready" });
      expect(platform.store.records.get("tester")!.record.attempt).toBe(1);
    });
  });

  it("that was refused for a wrong setting can be run again with the right one, and leaves nothing meanwhile", async () => {
    platform.recorder.failNext(
      "endpointManager",
      "deploy",
      new DeploymentError("INVALID_PARAMETER_VALUE", "There is no machine type n9."),
    );
    await expect(client().createDeployment({ ...request, config: { machineType: "n9" } })).rejects.toThrow(
      /no machine type n9/,
    );
    expect([platform.endpoints.endpoints.size, platform.registry.versions.length]).toEqual([0, 0]);
    await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: true });
  });

  it("leaves the traffic of a finished deployment as its owner has set it", async () => {
    const { endpoint } = await client().createDeployment(request);
    platform.endpoints.endpoints.get(endpoint!.id)!.deployedModels[0]!.trafficPercent = 50;
    await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: false });
  });

  it("stops at a signal, frees the lock and says how to go on", async () => {
    const stop = new AbortController();
    const { endpointManager } = platform.services;
    const create: typeof endpointManager.create = async () => ({
      name: "operations/slow",
      wait: async (options) => {
        stop.abort();
        throw DeploymentError.from(options?.signal?.reason, "The wait");
      },
      cancel: async () => {},
    });
    const slow = Object.assign(Object.create(endpointManager) as typeof endpointManager, { create });
    const cancelled = client({ ...platform.services, endpointManager: slow }).createDeployment({
      ...request,
      signal: stop.signal,
    });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(cancelled).rejects.toThrow(/cancelled at the step endpoint. Run the same call again/);
    expect(platform.store.records.get("tester")!.record.lock).toBeNull();
  });

  it("takes name, run and all else from the environment, as the article's script does", async () => {
    const before = process.env;
    process.env = {
      ...before,
      project_id: "acme",
      production_bucket: "acme-models",
      run_id: "abc",
      model_name: "iris",
      version_name: "v_1",
    };
    try {
      const deployment = await getDeployClient("aiplatform", { services: platform.services }).createDeployment();
      expect(deployment.name).toBe("iris");
      expect(deployment.model).toMatchObject({ aliases: ["default", "v-1"] });
      expect(platform.recorder.callsOf("modelResolver", "resolve")[0]?.args[0]).toMatchObject({
        modelUri: "runs:/abc",
      });
    } finally {
      process.env = before;
    }
  });

  it("removes what a killed process left in the temporary directory a day ago, and nothing newer", async () => {
    const tmpDir = await mkdtemp(join(tmpdir(), "work-"));
    try {
      const [old, recent] = [join(tmpDir, "mlflow-deployments-old"), join(tmpDir, "mlflow-deployments-recent")];
      await Promise.all([mkdir(old), mkdir(recent)]);
      const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
      await utimes(old, twoDaysAgo, twoDaysAgo);
      await client().createDeployment({ ...request, config: { tmpDir } });
      expect(await readdir(tmpDir)).toEqual(["mlflow-deployments-recent"]);
    } finally {
      await rm(tmpDir, { recursive: true });
    }
  });

  it.each<[object, RegExp]>([
    [{ name: undefined }, /name is missing.*model_name/],
    [{ modelUri: undefined }, /modelUri is missing.*run_id/],
    [{ name: "a\nb" }, /control character/],
    [{ name: "a\ud83c" }, /control character/],
    [
      { config: { productionBucket: undefined, production_bucket: "UPPER" } },
      /productionBucket .* must be a bucket's name/,
    ],
    [{ config: { labels: { "managed-by": "me" } } }, /managed-by, which this package sets/],
    [{ config: { productoinBucket: "x" } }, /Did you mean productionBucket/],
    [{ endpoint: "other" }, /no endpoint "other".*createEndpoint/],
    [{ config: { trafficPercent: 50 } }, /for deployments that share an endpoint/],
    [{ message: "x".repeat(1001) }, /at most 1000/],
    [{ config: { versionName: "default" } }, /version name "default"/],
  ])("refuses %j before anything is changed", async (wrong, message) => {
    await expect(client().createDeployment({ ...request, ...wrong })).rejects.toThrow(message);
    expect(platform.endpoints.endpoints.size).toBe(0);
  });
});
