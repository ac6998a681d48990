import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { DeploymentError, getDeployClient } from "../../src/index.js";
import { type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };

let platform: MockPlatform;
const client = () => getDeployClient("aiplatform", { services: platform.services, config });

beforeEach(() => {
  platform = mockPlatform({ predict: (rows, parameters) => rows.map((row) => [row, parameters ?? null]) });
});

describe("predict", () => {
  it("sends rows and parameters, and says which version answered", async () => {
    await client().createDeployment(request);
    const answer = await client().predict({ deploymentName: "tester", inputs: [[1]], params: { k: 2 } });
    expect(answer).toMatchObject({ predictions: [[[1], { k: 2 }]], modelVersionId: "1" });
  });

  it("sends no parameters where there are none", async () => {
    await client().createDeployment(request);
    expect((await client().predict({ deploymentName: "tester", inputs: [1], params: {} })).predictions).toEqual([
      [1, null],
    ]);
  });

  it("looks an endpoint up once", async () => {
    const one = client();
    const { endpoint } = await one.createDeployment(request);
    platform.recorder.calls.length = 0;
    for (const target of [{ deploymentName: "tester" }, { endpoint: endpoint!.id }])
      await one.predict({ ...target, inputs: [1] });
    expect(platform.recorder.methods).toEqual([
      "endpointManager.find",
      "predictionService.predict",
      "predictionService.predict",
    ]);
  });

  it("looks it up again in another project, after a failure, and after a delete", async () => {
    const one = client();
    await one.createDeployment(request);
    const predict = (other: object = {}) => one.predict({ deploymentName: "tester", inputs: [1], config: other });
    const finds = () => platform.recorder.callsOf("endpointManager", "find").length;
    await predict();
    const before = finds();
    await predict({ projectId: "other" });
    expect(finds()).toBe(before + 1);
    platform.recorder.failNext("predictionService", "predict", new DeploymentError("TEMPORARILY_UNAVAILABLE", "No."));
    await expect(predict()).rejects.toThrow("No.");
    await predict();
    expect(finds()).toBe(before + 2);
    await one.deleteDeployment({ name: "tester" });
    await expect(predict()).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("finds a deployment that shares an endpoint, and the endpoint by its name, and looks each up once", async () => {
    const one = client();
    await one.createEndpoint({ name: "shop" });
    await one.createDeployment({ ...request, endpoint: "shop" });
    platform.recorder.calls.length = 0;
    for (const target of [{ deploymentName: "tester" }, { deploymentName: "tester" }]) {
      expect((await one.predict({ ...target, inputs: [1] })).predictions).toEqual([[1, null]]);
    }
    const finds = platform.recorder.callsOf("endpointManager", "find").length;
    await one.predict({ endpoint: "shop", inputs: [1] });
    await one.predict({ endpoint: "shop", inputs: [1] });
    expect(platform.recorder.callsOf("endpointManager", "find").length).toBe(finds + 1);
    expect(await one.getLogs({ name: "tester" })).toEqual([]);
  });

  it("needs the deployment to have all its endpoint's traffic", async () => {
    const { endpoint } = await client().createDeployment(request);
    const live = platform.endpoints.endpoints.get(endpoint!.id)!;
    live.deployedModels[0]!.trafficPercent = 60;
    live.deployedModels.push({ ...live.deployedModels[0]!, id: "2", displayName: "other", trafficPercent: 40 });
    await expect(client().predict({ deploymentName: "tester", inputs: [1] })).rejects.toThrow(
      /60% of the traffic.*Use endpoint/,
    );
    await expect(client().predict({ endpoint: endpoint!.id, inputs: [1] })).resolves.toBeDefined();
  });

  it.each([
    [{ inputs: [1] }, "Must specify exactly one of deploymentName or endpoint."],
    [{ deploymentName: "a", endpoint: "b", inputs: [1] }, "Must specify exactly one of deploymentName or endpoint."],
    [{ deploymentName: "a", inputs: [] }, "inputs must have at least one row"],
    [
      { endpoint: "projects/acme/locations/europe-west1/endpoints/e", inputs: [1] },
      "is not in project acme and location us-central1",
    ],
    [{ endpoint: "a/b", inputs: [1] }, "must be a name, an id, or projects/PROJECT"],
  ])("refuses %j", async (options, message) => {
    await expect(client().predict(options)).rejects.toThrow(message);
  });
});

describe("predictStream", () => {
  const dedicated = { ...request, config: { endpointType: "dedicated" } } as const;
  const stream = () => client().predictStream({ deploymentName: "tester", inputs: [[1]], params: { k: 2 } });

  async function all(parts: AsyncIterable<unknown>): Promise<unknown[]> {
    const collected: unknown[] = [];
    for await (const part of parts) collected.push(part);
    return collected;
  }

  it("gives the parts that a dedicated endpoint streams", async () => {
    await client().createDeployment(dedicated);
    expect(await all(stream())).toEqual([[[1], { k: 2 }]]);
  });

  it("asks a shared endpoint nothing, and names the setting", async () => {
    await client().createDeployment(request);
    await expect(all(stream())).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("endpointType: dedicated"),
    });
    expect(platform.recorder.callsOf("predictionService", "stream")).toEqual([]);
  });

  it("looks the endpoint up again after a failure midway", async () => {
    const one = client();
    await one.createDeployment(dedicated);
    platform.services.predictionService.stream = async function* () {
      yield 1;
      throw new DeploymentError("TEMPORARILY_UNAVAILABLE", "Broken off.");
    };
    const read = () => all(one.predictStream({ deploymentName: "tester", inputs: [1] }));
    platform.recorder.calls.length = 0;
    await expect(read()).rejects.toThrow("Broken off.");
    await expect(read()).rejects.toThrow("Broken off.");
    expect(platform.recorder.callsOf("endpointManager", "find")).toHaveLength(2);
  });

  it("ends the request of a consumer that stops early", async () => {
    await client().createDeployment(dedicated);
    let ended = false;
    platform.services.predictionService.stream = async function* () {
      try {
        for (let part = 0; ; part++) yield part;
      } finally {
        ended = true;
      }
    };
    for await (const part of stream()) if (part === 2) break;
    expect(ended).toBe(true);
  });

  it("is none of the legacy platform's", async () => {
    const parts = client().predictStream({ deploymentName: "tester", inputs: [1], config: { platform: "legacy" } });
    await expect(all(parts)).rejects.toMatchObject({ code: "NOT_IMPLEMENTED" });
  });
});

describe("explain", () => {
  const explain = () => client().explain({ deploymentName: "tester", inputs: [[1]] });

  it("gives predictions with their explanations, and warns once of the end of them", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    await client().createDeployment(request);
    expect(await explain()).toMatchObject({ explanations: [{ attributions: [] }], predictions: [[[1], null]] });
    await explain();
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("2027-03-16"), expect.objectContaining({ code: "MLFLOW_DEPLOYMENTS_EXPLAIN" })],
    ]);
  });

  it.each([
    [{ endpointType: "dedicated" }, /dedicated one, .*endpointType: shared and explanationParameters/],
    [{ network: "projects/1/global/networks/vpc" }, /private one/],
  ] as const)("asks an endpoint of %j nothing, and says why", async (config, message) => {
    await client().createDeployment({ ...request, config });
    await expect(explain()).rejects.toThrow(message);
    await expect(explain()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(platform.recorder.callsOf("predictionService", "explain")).toEqual([]);
  });
});

describe("getLogs", () => {
  const logs = (lines?: number) => client().getLogs({ name: "tester", lines });
  const queries = () =>
    platform.recorder.callsOf("logReader", "containerLog").map(({ args: [id, query] }) => ({ id, query }));

  it("gives the last lines of the deployment's endpoint since its deployed model was made", async () => {
    platform = mockPlatform({ containerLog: ["starting", "ready"] });
    const { endpoint } = await client().createDeployment(request);
    const live = platform.endpoints.endpoints.get(endpoint!.id)!;
    live.createTime = "2026-11-01T00:00:00Z";
    expect(await logs()).toEqual(["starting", "ready"]);
    live.deployedModels[0]!.createTime = "2026-11-02T00:00:00Z";
    await logs(5);
    const plain = { exceptDeployedModels: [], mustBeRead: true };
    expect(queries()).toEqual([
      { id: endpoint!.id, query: { ...plain, since: "2026-11-01T00:00:00Z", lines: 100 } },
      { id: endpoint!.id, query: { ...plain, since: "2026-11-02T00:00:00Z", lines: 5 } },
    ]);
  });

  it("leaves out the lines of other deployments on the same endpoint", async () => {
    const { endpoint } = await client().createDeployment(request);
    const live = platform.endpoints.endpoints.get(endpoint!.id)!;
    const [own] = live.deployedModels;
    live.deployedModels.push({ ...own!, id: "2", displayName: "other" });
    await logs();
    expect(queries()).toMatchObject([{ query: { exceptDeployedModels: ["2"] } }]);
  });

  it("rejects for a deployment that does not exist, and for a number of lines that is none", async () => {
    await expect(logs()).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
    await expect(logs(0)).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    await expect(logs(1.5)).rejects.toThrow("lines must be a whole number from 1 to 10000.");
  });
});

describe("listDeployments", () => {
  it("gives all deployments sorted by name, or those of an endpoint", async () => {
    for (const name of ["b", "a"]) await client().createDeployment({ ...request, name });
    expect((await client().listDeployments()).map(({ name }) => name)).toEqual(["a", "b"]);
    const { endpoint } = await client().getDeployment({ name: "b" });
    expect(await client().listDeployments({ endpoint: endpoint!.name })).toMatchObject([{ name: "b" }]);
  });
});

describe("getDeployment", () => {
  it("rejects for one that does not exist", async () => {
    await expect(client().getDeployment({ name: "nobody" })).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

describe("deleteDeployment", () => {
  it("takes the endpoint away and keeps the version, and does nothing the second time", async () => {
    await client().createDeployment(request);
    await client().deleteDeployment({ name: "tester" });
    expect([platform.endpoints.endpoints.size, platform.registry.versions.length]).toEqual([0, 1]);
    platform.recorder.calls.length = 0;
    await client().deleteDeployment({ name: "tester" });
    expect(platform.recorder.callsOf("deploymentStore", "write")).toEqual([]);
  });

  it("keeps the history, with what the caller said, and tells it of a deployment that is gone", async () => {
    await client().createDeployment({ ...request, message: "first" });
    await client().deleteDeployment({ name: "tester", message: "not needed any more" });
    await expect(client().getDeployment({ name: "tester" })).rejects.toThrow(
      /It was deleted at .*: not needed any more/,
    );
    const { history } = await client().createDeployment(request);
    expect(history.map(({ action, outcome, message }) => [action, outcome, message])).toEqual([
      ["create", "succeeded", "first"],
      ["delete", "succeeded", "not needed any more"],
      ["create", "succeeded", undefined],
    ]);
  });

  it("takes its version away where deleteModel says so, and no version that another made", async () => {
    const { endpoint } = await client().createDeployment(request);
    const [own] = platform.registry.versions;
    platform.registry.versions.push({ ...own!, model: "models/other", versionId: "7", labels: {} });
    const live = platform.endpoints.endpoints.get(endpoint!.id)!;
    live.deployedModels.push({
      ...live.deployedModels[0]!,
      id: "7",
      model: "models/other",
      modelVersionId: "7",
      trafficPercent: 0,
    });
    await client().deleteDeployment({ name: "tester", config: { deleteModel: true } });
    expect(platform.registry.versions).toMatchObject([{ model: "models/other" }]);
  });

  it("that was cut off is finished by running it again, and createDeployment waits for that", async () => {
    await client().createDeployment(request);
    platform.recorder.failNext(
      "endpointManager",
      "delete",
      new DeploymentError("TEMPORARILY_UNAVAILABLE", "The network broke."),
    );
    await expect(client().deleteDeployment({ name: "tester" })).rejects.toThrow("The network broke.");
    await expect(client().createDeployment(request)).rejects.toThrow(/deleteDeployment of "tester" was cut off/);
    await client().deleteDeployment({ name: "tester" });
    await expect(client().createDeployment(request)).resolves.toMatchObject({ changed: true });
  });

  it("works where the record is lost", async () => {
    await client().createDeployment(request);
    platform.store.records.clear();
    await client().deleteDeployment({ name: "tester" });
    expect(platform.endpoints.endpoints.size).toBe(0);
  });
});
