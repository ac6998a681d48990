import { beforeEach, describe, expect, it } from "vitest";

import { DeploymentError, getDeployClient } from "../../src/index.js";
import { mockModel, type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models", drainSeconds: 1 };
const on = (name: string, version = "1") => ({ name, modelUri: `models:/iris/${version}`, endpoint: "shop" });

let platform: MockPlatform;
beforeEach(() => {
  platform = mockPlatform({
    model: (uri) => {
      const model = mockModel(uri);
      model.files[0]!.sha256 = (/\/(\d)$/.exec(uri)?.[1] ?? "1").repeat(64);
      return model;
    },
  });
});

const client = (extra: object = {}) =>
  getDeployClient("aiplatform", { services: platform.services, config: { ...config, ...extra } });
const traffic = async () => (await client().getEndpoint({ endpoint: "shop" })).traffic;

/** The endpoint "shop" with deployments that share it. */
async function shop(shares: Record<string, number>) {
  await client().createEndpoint({ name: "shop" });
  for (const name of Object.keys(shares)) await client().createDeployment(on(name));
  await client().updateEndpoint({ endpoint: "shop", config: { trafficSplit: shares } });
}

describe("an endpoint that deployments share", () => {
  it("is made by its name, found by name, id and full name, listed and deleted", async () => {
    const made = await client().createEndpoint({
      name: "shop",
      config: { labels: { team: "x" }, endpointDescription: "d" },
    });
    expect(made).toMatchObject({ name: "shop", traffic: {}, labels: { team: "x" }, description: "d" });
    for (const endpoint of ["shop", made.id]) expect(await client().getEndpoint({ endpoint })).toEqual(made);
    await client().createEndpoint({ name: "another" });
    expect((await client().listEndpoints()).map(({ name }) => name)).toEqual(["another", "shop"]);
    await client().deleteEndpoint({ endpoint: "shop" });
    await client().deleteEndpoint({ endpoint: "shop" });
    expect((await client().listEndpoints()).map(({ name }) => name)).toEqual(["another"]);
    await expect(client().getEndpoint({ endpoint: "shop" })).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("made again is given back, and refused with what differs where it was made otherwise", async () => {
    const made = await client().createEndpoint({ name: "shop" });
    expect(await client().createEndpoint({ name: "shop" })).toEqual(made);
    await expect(client({ ifExists: "error" }).createEndpoint({ name: "shop" })).rejects.toMatchObject({
      code: "RESOURCE_ALREADY_EXISTS",
    });
    await expect(client({ endpointType: "dedicated" }).createEndpoint({ name: "shop" })).rejects.toThrow(
      /endpointType: shared → dedicated/,
    );
    await expect(client({ endpointType: "dedicated" }).updateEndpoint({ endpoint: "shop" })).rejects.toThrow(
      /cannot change what it was made with/,
    );
  });

  it("is another one than that of a deployment with its name", async () => {
    await client().createEndpoint({ name: "shop" });
    const deployment = await client().createDeployment({ name: "shop", modelUri: "models:/iris/1" });
    expect(deployment.endpoint?.shared).toBe(false);
    expect(deployment.endpoint?.id).not.toBe((await client().getEndpoint({ endpoint: "shop" })).id);
    expect(await client().listEndpoints()).toHaveLength(1);
  });

  it("is not deleted while deployments are on it", async () => {
    await shop({ a: 100 });
    await expect(client().deleteEndpoint({ endpoint: "shop" })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(client().deleteEndpoint({ endpoint: "shop" })).rejects.toThrow(/has deployments: a/);
  });

  it("is refused where a deployment owns it, or somebody else made it", async () => {
    const { endpoint } = await client().createDeployment({ name: "own", modelUri: "models:/iris/1" });
    await expect(client().getEndpoint({ endpoint: endpoint!.id })).rejects.toThrow(/belongs to the deployment "own"/);
    platform.endpoints.endpoints.get(endpoint!.id)!.labels = {};
    await expect(client().createDeployment({ ...on("a"), endpoint: endpoint!.id })).rejects.toThrow(
      /label managed-by=mlflow-deployments/,
    );
  });
});

describe("a deployment on a shared endpoint", () => {
  it("has all the traffic as the first, and none as the next, until it is given some", async () => {
    await client().createEndpoint({ name: "shop" });
    expect(await client().createDeployment(on("a"))).toMatchObject({ state: "ready", trafficPercent: 100 });
    expect(await client().createDeployment(on("b", "2"))).toMatchObject({ state: "ready", trafficPercent: 0 });
    expect(await traffic()).toEqual({ a: 100, b: 0 });
    await client().updateEndpoint({ endpoint: "shop", config: { trafficSplit: { a: 70, b: 30 } } });
    expect(await client().getDeployment({ name: "b" })).toMatchObject({
      trafficPercent: 30,
      endpoint: { shared: true },
    });
  });

  it("gets its trafficPercent, the others keeping their proportions, when it is made and later", async () => {
    await shop({ a: 60, b: 40 });
    await client().createDeployment({ ...on("c"), config: { trafficPercent: 50 } });
    expect(await traffic()).toEqual({ a: 30, b: 20, c: 50 });
    await client().updateDeployment({ name: "c", config: { trafficPercent: 0 } });
    expect(await traffic()).toEqual({ a: 60, b: 40, c: 0 });
  });

  it("is found finished when it is created again, whatever its share, and refused on another endpoint", async () => {
    await shop({ a: 100, b: 0 });
    await expect(client().createDeployment(on("b"))).resolves.toMatchObject({ changed: false });
    await client().createEndpoint({ name: "market" });
    await expect(client().createDeployment({ ...on("b"), endpoint: "market" })).rejects.toThrow(
      /endpoint: shop-.* → market-/,
    );
    await expect(client().createDeployment({ name: "b", modelUri: "models:/iris/1" })).rejects.toThrow(
      /endpoint: shop-.* → none/,
    );
  });

  it("keeps its share when its model is updated", async () => {
    await shop({ a: 70, b: 30 });
    const updated = await client().updateDeployment({ name: "b", modelUri: "models:/iris/2" });
    expect(updated).toMatchObject({ trafficPercent: 30, model: { source: "models:/iris/2" } });
    expect(await traffic()).toEqual({ a: 70, b: 30 });
    expect((await client().getEndpoint({ endpoint: "shop" })).deployedModels).toHaveLength(2);
  });

  it("gives its share to the others when it is deleted, in their proportions", async () => {
    await shop({ a: 20, b: 60, c: 20 });
    await client().deleteDeployment({ name: "b" });
    expect(await traffic()).toEqual({ a: 50, c: 50 });
    await client().deleteDeployment({ name: "a" });
    await client().deleteDeployment({ name: "c" });
    expect(await traffic()).toEqual({});
    expect(await client().listEndpoints()).toHaveLength(1);
  });

  it("leaves the endpoint and the others alone when its container never gets healthy", async () => {
    await shop({ a: 100 });
    platform.recorder.failNext(
      "endpointManager",
      "deploy",
      new DeploymentError("INVALID_PARAMETER_VALUE", "No such machine."),
    );
    await expect(client().createDeployment(on("b"))).rejects.toThrow("No such machine.");
    expect(await traffic()).toEqual({ a: 100 });
  });

  it("is listed with all others, or with those of its endpoint, each by its own name", async () => {
    await shop({ a: 100, b: 0 });
    await client().createDeployment({ name: "own", modelUri: "models:/iris/1" });
    expect((await client().listDeployments()).map(({ name }) => name)).toEqual(["a", "b", "own"]);
    expect((await client().listDeployments({ endpoint: "shop" })).map(({ name }) => name)).toEqual(["a", "b"]);
    await expect(client().getDeployment({ name: "own", endpoint: "shop" })).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
    await client().deleteDeployment({ name: "own", endpoint: "shop" });
    expect((await client().listDeployments()).map(({ name }) => name)).toContain("own");
  });

  it("is found, updated and deleted where its record is lost", async () => {
    await shop({ a: 60, b: 40 });
    platform.store.records.clear();
    expect(await client().getDeployment({ name: "b" })).toMatchObject({ state: "ready", trafficPercent: 40 });
    await client().updateDeployment({ name: "b", modelUri: "models:/iris/2" });
    expect(await traffic()).toEqual({ a: 60, b: 40 });
    platform.store.records.clear();
    await client().deleteDeployment({ name: "b" });
    expect(await traffic()).toEqual({ a: 100 });
  });

  it("does not undo what another process does to the traffic at the same time", async () => {
    await shop({ a: 60, b: 40 });
    const { endpointManager } = platform.services;
    const id = (await client().getEndpoint({ endpoint: "shop" })).id;
    let raced = false;
    const setTraffic: typeof endpointManager.setTraffic = async (endpoint, split, context) => {
      if (!raced) {
        raced = true; // another process is quicker: it takes a's traffic away
        const now = await endpointManager.find(id, context);
        const [a, b] = now!.deployedModels.map((model) => model.id);
        await endpointManager.setTraffic(now!, { [a!]: 0, [b!]: 100 }, context);
      }
      return endpointManager.setTraffic(endpoint, split, context);
    };
    const racing = Object.assign(Object.create(endpointManager) as typeof endpointManager, { setTraffic });
    const other = getDeployClient("aiplatform", {
      services: { ...platform.services, endpointManager: racing },
      config,
    });
    await other.createDeployment({ ...on("c"), config: { trafficPercent: 10 } });
    expect(await traffic()).toEqual({ a: 0, b: 90, c: 10 });
  });

  it("takes no traffic from another that is made at the same time on the empty endpoint", async () => {
    await client().createEndpoint({ name: "shop" });
    await Promise.all([client().createDeployment(on("a")), client().createDeployment(on("b", "2"))]);
    const splits = platform.recorder.callsOf("endpointManager", "deploy").map(({ args }) => args[1]);
    expect(splits).toMatchObject([{ takesTraffic: false }, { takesTraffic: false }]);
    expect(Object.values(await traffic()).toSorted((a, b) => a - b)).toEqual([0, 100]);
  });

  it("keeps what it serves when its old model is given traffic while it is drained", async () => {
    await shop({ a: 100, b: 0 });
    const { clock } = platform.services;
    const sleep = clock.sleep.bind(clock);
    let drained = 0;
    clock.sleep = async (milliseconds, signal) => {
      if (drained++ === 0)
        await client().updateEndpoint({ endpoint: "shop", config: { trafficSplit: { a: 60, b: 40 } } });
      await sleep(milliseconds, signal);
    };
    const updated = await client().updateDeployment({ name: "b", modelUri: "models:/iris/2" });
    expect(updated).toMatchObject({ trafficPercent: 40, deployedModels: [{ trafficPercent: 40 }] });
    expect(await traffic()).toEqual({ a: 60, b: 40 });
  });

  it("changes nobody's traffic by an update where nobody has any", async () => {
    await client().createEndpoint({ name: "shop" });
    await client().createDeployment(on("a"));
    await client().createDeployment(on("b"));
    const shopEndpoint = [...platform.endpoints.endpoints.values()][0]!;
    await platform.endpoints.setTraffic(shopEndpoint, {});
    await client().updateDeployment({ name: "b", modelUri: "models:/iris/2" });
    expect(await traffic()).toEqual({ a: 0, b: 0 });
  });

  it("is refused a share before anything is sent, where nobody could have the rest", async () => {
    await shop({ a: 100 });
    const update = { name: "a", modelUri: "models:/iris/2", config: { trafficPercent: 50 } };
    await expect(client().updateDeployment(update)).rejects.toThrow(/Nothing else is deployed/);
    expect(await client().planDeployment(update)).toMatchObject({ action: "refuse" });
    expect(platform.registry.versions).toHaveLength(1);
  });

  it("is still one of several where somebody has taken the endpoint's labels away", async () => {
    await shop({ a: 60, b: 40 });
    [...platform.endpoints.endpoints.values()][0]!.labels = {};
    await client().updateDeployment({ name: "b", modelUri: "models:/iris/2" });
    const [found] = [...platform.endpoints.endpoints.values()];
    expect(found!.deployedModels.map(({ displayName, trafficPercent }) => [displayName, trafficPercent])).toEqual([
      ["a", 60],
      ["b", 40],
    ]);
    await client().deleteDeployment({ name: "b" });
    expect([...platform.endpoints.endpoints.values()][0]!.deployedModels).toMatchObject([{ displayName: "a" }]);
  });

  it("is the same by its endpoint's name, id and full name, also with the project's number", async () => {
    const { id } = await client().createEndpoint({ name: "shop" });
    const names = [
      "shop",
      id,
      ...["acme", "123"].map((each) => `projects/${each}/locations/us-central1/endpoints/${id}`),
    ];
    await client().createDeployment(on("a"));
    for (const endpoint of names) {
      await expect(client().createDeployment({ ...on("a"), endpoint })).resolves.toMatchObject({ changed: false });
      await expect(client().getDeployment({ name: "a", endpoint })).resolves.toMatchObject({ name: "a" });
      expect(await client().listDeployments({ endpoint })).toHaveLength(1);
    }
    await client().deleteDeployment({ name: "a", endpoint: names.at(-1)! });
    expect(await client().listDeployments()).toEqual([]);
  });

  it("is found by the endpoint that the caller names, where the record is lost and two have its name", async () => {
    await shop({ a: 100 });
    platform.store.records.clear();
    await client().createEndpoint({ name: "market" });
    const [shopEndpoint, market] = [...platform.endpoints.endpoints.values()];
    market!.deployedModels = structuredClone(shopEndpoint!.deployedModels);
    await expect(client().getDeployment({ name: "a" })).rejects.toThrow(/on several endpoints.*Name one by endpoint/);
    const found = await client().getDeployment({ name: "a", endpoint: "market" });
    expect(found.endpoint?.id).toBe(market!.id);
  });

  it.each<[object, RegExp]>([
    [{ endpointType: "dedicated" }, /has endpointType shared, not dedicated/],
    [{ trafficPercent: 30 }, /Nothing else is deployed on the endpoint/],
  ])("is refused with %j on an empty endpoint, and nothing is made", async (extra, message) => {
    await client().createEndpoint({ name: "shop" });
    await expect(client().createDeployment({ ...on("a"), config: extra })).rejects.toThrow(message);
    expect(await traffic()).toEqual({});
    expect(platform.registry.versions).toEqual([]);
  });

  it("answers by its endpoint, and by its name only with all of the traffic", async () => {
    await shop({ a: 60, b: 40 });
    await expect(client().predict({ deploymentName: "a", inputs: [1] })).rejects.toThrow(
      /60% of the traffic.*Use endpoint/,
    );
    await expect(client().predict({ endpoint: "shop", inputs: [1] })).resolves.toMatchObject({ predictions: [0] });
    await client().updateEndpoint({ endpoint: "shop", config: { trafficSplit: { a: 100 } } });
    await expect(client().predict({ deploymentName: "a", inputs: [1] })).resolves.toMatchObject({ predictions: [0] });
  });
});

describe("a traffic split", () => {
  it.each<[object, RegExp]>([
    [{ trafficSplit: { a: 50, z: 50 } }, /names "z", which is not on the endpoint "shop". There are: a, b/],
    [{ trafficSplit: { a: 50 } }, /add up to 100/],
    [{ trafficSplit: '{"a": 110, "b": -10}' }, /trafficSplit/],
  ])("of %j is refused", async (wrong, message) => {
    await shop({ a: 60, b: 40 });
    await expect(client().updateEndpoint({ endpoint: "shop", config: wrong })).rejects.toThrow(message);
    expect(await traffic()).toEqual({ a: 60, b: 40 });
  });
});
