import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { container, dedicatedResources, location, startVertex, type VertexFixture } from "./emulator-vertex-fixture.js";

let vertex: VertexFixture;
let model: string;

beforeAll(async () => {
  vertex = await startVertex();
  model = await vertex.upload();
});
afterAll(() => vertex.stop());

const deployRequest = (deployedModel: object = {}, trafficSplit: object = {}) => ({
  deployedModel: { model, dedicatedResources, ...deployedModel },
  trafficSplit,
});
const cpu = "aiplatform.googleapis.com/prediction/online/cpu/utilization";
const requests = "aiplatform.googleapis.com/prediction/online/request_count";
const scaledBy = (...autoscalingMetricSpecs: object[]) => ({
  dedicatedResources: { ...dedicatedResources, autoscalingMetricSpecs },
});
const splitOf = async (endpoint: string) => (await vertex.call("GET", endpoint)).json["trafficSplit"];

describe("endpoints", () => {
  it("take the id that the client sets, once", async () => {
    expect(await vertex.createEndpoint({}, "iris-1")).toMatch(/\/endpoints\/iris-1$/);
    const again = await vertex.call("POST", `${location}/endpoints?endpointId=iris-1`, { displayName: "x" });
    expect(again.json["error"]).toMatchObject({ code: 409, status: "ALREADY_EXISTS" });
  });

  it.each(["Iris", "iris-", "1iris", "0123", "x".repeat(64), "a_b"])("refuse the id %s", async (id) => {
    const { json } = await vertex.call("POST", `${location}/endpoints?endpointId=${id}`, { displayName: "x" });
    expect(json["error"]).toMatchObject({ code: 400, message: expect.stringContaining("endpoint_id") });
  });

  it("are listed by filter, order and page", async () => {
    const place = "projects/lists/locations/europe-west1";
    for (const id of ["e-b", "e-a"])
      await vertex.run("POST", `${place}/endpoints?endpointId=${id}`, { displayName: "same", labels: { id } });
    const list = async (query: Record<string, string>) =>
      (await vertex.call("GET", `${place}/endpoints?${new URLSearchParams(query).toString()}`)).json;
    expect((await list({ filter: "endpoint=e-a" }))["endpoints"]).toHaveLength(1);
    expect((await list({ filter: 'display_name="same" AND labels.id="e-b"' }))["endpoints"][0].labels).toEqual({
      id: "e-b",
    });
    expect(await list({ pageSize: "1", readMask: "name" })).toEqual({
      endpoints: [{ name: expect.stringContaining("e-b") }],
      nextPageToken: expect.any(String),
    });
    expect(await list({ filter: "labels.none:*" })).toEqual({});
  });

  it("change by update mask, and only with the etag that they have", async () => {
    const endpoint = await vertex.createEndpoint({ labels: { a: "1" } });
    const { etag } = (await vertex.call("GET", endpoint)).json;
    const patched = await vertex.call("PATCH", `${endpoint}?updateMask=labels,description`, {
      labels: { b: "2" },
      description: "d",
      displayName: "not this",
      etag,
    });
    expect(patched.json).toMatchObject({ labels: { b: "2" }, description: "d", displayName: "tester" });
    expect(patched.json["etag"]).not.toBe(etag);
    expect(
      (await vertex.call("PATCH", `${endpoint}?updateMask=description`, { description: "e", etag })).json["error"],
    ).toMatchObject({ code: 409, status: "ABORTED" });
    expect((await vertex.call("PATCH", `${endpoint}?updateMask=deployedModels`, {})).status).toBe(400);
    expect((await vertex.call("PATCH", endpoint, {})).json["error"].message).toContain("update_mask");
  });

  it("take another timeout of predictions, whole or by its path", async () => {
    const endpoint = await vertex.createEndpoint({ dedicatedEndpointEnabled: true });
    const patched = async (updateMask: string, inferenceTimeout: string) =>
      (
        await vertex.call("PATCH", `${endpoint}?updateMask=${updateMask}`, {
          clientConnectionConfig: { inferenceTimeout },
        })
      ).json;
    expect(await patched("clientConnectionConfig", "300s")).toMatchObject({
      clientConnectionConfig: { inferenceTimeout: "300s" },
    });
    expect(await patched("clientConnectionConfig.inferenceTimeout", "1800s")).toMatchObject({
      clientConnectionConfig: { inferenceTimeout: "1800s" },
    });
    expect((await patched("clientConnectionConfig", "3601s"))["error"]).toMatchObject({ code: 400 });
    expect((await vertex.call("GET", endpoint)).json["clientConnectionConfig"]).toEqual({ inferenceTimeout: "1800s" });
  });

  it("lose what a mask names and the request leaves out", async () => {
    const endpoint = await vertex.createEndpoint({ description: "d", labels: { a: "1" } });
    const { json } = await vertex.call("PATCH", `${endpoint}?updateMask=description,labels`, {});
    expect(json).not.toHaveProperty("description");
    expect(json).not.toHaveProperty("labels");
  });

  it("are not deleted while anything is deployed on them or about to be", async () => {
    const endpoint = await vertex.createEndpoint();
    const { json: deploying } = await vertex.call(
      "POST",
      `${endpoint}:deployModel`,
      deployRequest({ id: "7" }, { "0": 100 }),
    );
    const refusal = {
      code: 400,
      status: "FAILED_PRECONDITION",
      message: "Endpoint has deployed or being-deployed DeployedModel(s)",
    };
    expect((await vertex.call("GET", endpoint)).json["deployedModels"]).toBeUndefined();
    expect((await vertex.call("DELETE", endpoint)).json["error"]).toEqual(refusal);
    await vertex.call("POST", `${deploying["name"]}:wait`);
    expect((await vertex.call("DELETE", endpoint)).json["error"]).toEqual(refusal);
    await vertex.run("POST", `${endpoint}:undeployModel`, { deployedModelId: "7" });
    await vertex.run("DELETE", endpoint);
    expect((await vertex.call("GET", endpoint)).json["error"]).toMatchObject({ code: 404, status: "NOT_FOUND" });
  });
});

describe("deploying a model", () => {
  it.each([
    ["without dedicated resources", { dedicatedResources: null }, "dedicated_resources"],
    ["without a machine type", { dedicatedResources: { machineSpec: {}, minReplicaCount: 1 } }, "machine_type"],
    ["with no replica", { dedicatedResources: { ...dedicatedResources, minReplicaCount: 0 } }, "min_replica_count"],
    [
      "with fewer replicas at most than at least",
      { dedicatedResources: { ...dedicatedResources, minReplicaCount: 2, maxReplicaCount: 1 } },
      "max_replica_count",
    ],
    ["with an unknown metric", scaledBy({ metricName: "cpu", target: 50 }), "metric_name"],
    ["with a metric without its name", scaledBy({ target: 50 }), "metric_name"],
    ["with a metric twice", scaledBy({ metricName: cpu }, { metricName: cpu }), "At most one entry"],
    ["with more than all of a processor", scaledBy({ metricName: cpu, target: 101 }), "target"],
    ["with automatic resources", { automaticResources: { minReplicaCount: 1 } }, "automatic_resources"],
    ["with an id of eleven digits", { id: "12345678901" }, "deployed_model.id"],
    ["with an id of letters", { id: "iris" }, "deployed_model.id"],
    ["without a model", { model: "" }, "deployed_model.model"],
  ])("is refused %s", async (_what, deployedModel, field) => {
    const endpoint = await vertex.createEndpoint();
    const { json } = await vertex.call("POST", `${endpoint}:deployModel`, deployRequest(deployedModel));
    expect(json["error"]).toMatchObject({
      code: 400,
      status: "INVALID_ARGUMENT",
      message: expect.stringContaining(field),
    });
  });

  it("needs an endpoint and a version that exist", async () => {
    const nowhere = await vertex.call("POST", `${location}/endpoints/nowhere:deployModel`, deployRequest());
    expect(nowhere.json["error"]).toMatchObject({ code: 404, status: "NOT_FOUND" });
    const endpoint = await vertex.createEndpoint();
    const noVersion = await vertex.call("POST", `${endpoint}:deployModel`, deployRequest({ model: `${model}@9` }));
    expect(noVersion.json["error"]).toMatchObject({ code: 404, status: "NOT_FOUND" });
  });

  it("keeps the id that the client set, and refuses it a second time", async () => {
    const endpoint = await vertex.createEndpoint();
    const requests = [1, 2].map(() =>
      vertex.call("POST", `${endpoint}:deployModel`, deployRequest({ id: "42" }, { "0": 100 })),
    );
    const answers = await Promise.all(requests);
    expect(answers.map((each) => each.status)).toEqual(expect.arrayContaining([200, 409]));
    const { json: done } = await vertex.call(
      "POST",
      `${answers.find((each) => each.status === 200)!.json["name"]}:wait`,
    );
    expect(done["metadata"].deploymentStage).toBe("SUCCESSFULLY_DEPLOYED");
    expect(done["response"].deployedModel).toMatchObject({
      id: "42",
      displayName: "iris",
      modelVersionId: "1",
      dedicatedResources: { maxReplicaCount: 1 },
    });
    expect((await vertex.call("POST", `${endpoint}:deployModel`, deployRequest({ id: "42" }))).status).toBe(409);
  });

  it("gives traffic as the split says, with 0 for the new model, and leaves it alone when the split is empty", async () => {
    const endpoint = await vertex.createEndpoint();
    await vertex.deploy(endpoint, model, { deployedModel: { id: "1" }, trafficSplit: {} });
    expect(await splitOf(endpoint)).toBeUndefined();
    await vertex.deploy(endpoint, model, { deployedModel: { id: "2" }, trafficSplit: { "0": 60, "1": 40 } });
    expect(await splitOf(endpoint)).toEqual({ "1": 40, "2": 60 });
    await vertex.deploy(endpoint, model, { deployedModel: { id: "3" }, trafficSplit: {} });
    expect(await splitOf(endpoint)).toEqual({ "1": 40, "2": 60 });
    for (const trafficSplit of [{ "0": 99 }, { "0": 50, "9": 50 }, { "0": 150, "1": -50 }]) {
      expect((await vertex.call("POST", `${endpoint}:deployModel`, deployRequest({}, trafficSplit))).status).toBe(400);
    }
    const { etag } = (await vertex.call("GET", endpoint)).json;
    const patched = await vertex.call("PATCH", `${endpoint}?updateMask=trafficSplit`, {
      trafficSplit: { "3": 100 },
      etag,
    });
    expect(patched.json["trafficSplit"]).toEqual({ "3": 100 });
    expect(
      (await vertex.call("PATCH", `${endpoint}?updateMask=trafficSplit`, { trafficSplit: { "3": 99 } })).status,
    ).toBe(400);
    expect(
      (await vertex.call("PATCH", `${endpoint}?updateMask=trafficSplit`, { trafficSplit: {} })).json["trafficSplit"],
    ).toBeUndefined();
  });

  it("that exits is the operation's error, in Google's words, and leaves no DeployedModel", async () => {
    const endpoint = await vertex.createEndpoint();
    const broken = await vertex.upload({ containerSpec: container({ mode: "exit" }) });
    const done = await vertex.deploy(endpoint, broken);
    expect(done.error).toMatchObject({
      code: 9,
      message: expect.stringMatching(
        /^Model server exited unexpectedly\. Model server logs can be found at https:\/\/console\.cloud\.google\.com\/.*europe-west1/,
      ),
    });
    expect(done.metadata["deploymentStage"]).toBe("FAILED_TO_DEPLOY");
    expect((await vertex.call("GET", endpoint)).json["deployedModels"]).toBeUndefined();
    const lines = vertex.logged.filter((each) => each.resource.labels["endpoint_id"] === endpoint.split("/").at(-1));
    expect(lines.map((each) => [each.severity, each.textPayload])).toContainEqual(["ERROR", "no module named iris"]);
    await vertex.run("DELETE", endpoint);
  });

  it("that is not healthy with exactly 200 in time never becomes ready", async () => {
    const endpoint = await vertex.createEndpoint();
    const unhealthy = await vertex.upload({ containerSpec: container({ mode: "unhealthy", deploymentTimeout: "1s" }) });
    const done = await vertex.deploy(endpoint, unhealthy);
    expect(done.error).toMatchObject({
      code: 9,
      message: expect.stringMatching(/^Model server never became ready\. Please validate/),
    });
  });

  it("can be cancelled, which stops its server", async () => {
    const endpoint = await vertex.createEndpoint();
    const slow = await vertex.upload({ containerSpec: container({ mode: "unhealthy" }) });
    const { json: started } = await vertex.call("POST", `${endpoint}:deployModel`, deployRequest({ model: slow }));
    expect((await vertex.call("POST", `${started["name"]}:cancel`)).json).toEqual({});
    expect((await vertex.call("POST", `${started["name"]}:wait`)).json["error"]).toMatchObject({ code: 1 });
    await vertex.run("DELETE", endpoint);
  });
});

describe("undeploying a model", () => {
  it("that has traffic is refused, unless the request gives it away or it is the last", async () => {
    const endpoint = await vertex.createEndpoint();
    await vertex.deploy(endpoint, model, { deployedModel: { id: "1" } });
    await vertex.deploy(endpoint, model, { deployedModel: { id: "2" }, trafficSplit: { "0": 50, "1": 50 } });
    const refused = await vertex.call("POST", `${endpoint}:undeployModel`, { deployedModelId: "1" });
    expect(refused.json["error"]).toMatchObject({ code: 400, status: "FAILED_PRECONDITION" });
    await vertex.run("POST", `${endpoint}:undeployModel`, { deployedModelId: "1", trafficSplit: { "2": 100 } });
    expect(await splitOf(endpoint)).toEqual({ "2": 100 });
    await vertex.run("POST", `${endpoint}:undeployModel`, { deployedModelId: "2", trafficSplit: { "2": 0 } });
    expect((await vertex.call("GET", endpoint)).json).not.toHaveProperty("trafficSplit");
    expect((await vertex.call("POST", `${endpoint}:undeployModel`, { deployedModelId: "2" })).status).toBe(404);
  });

  it("is what a model and its versions wait for before they can be deleted", async () => {
    const deployed = await vertex.upload();
    await vertex.upload({ versionAliases: ["default"] }, { parentModel: deployed });
    const endpoint = await vertex.createEndpoint();
    await vertex.deploy(endpoint, `${deployed}@1`, { deployedModel: { id: "1" } });
    expect((await vertex.call("GET", `${deployed}@1`)).json["deployedModels"]).toEqual([
      { endpoint, deployedModelId: "1" },
    ]);
    for (const path of [deployed, `${deployed}@1:deleteVersion`]) {
      expect((await vertex.call("DELETE", path)).json["error"]).toMatchObject({
        code: 400,
        status: "FAILED_PRECONDITION",
      });
    }
    await vertex.run("POST", `${endpoint}:undeployModel`, { deployedModelId: "1" });
    await vertex.run("DELETE", `${deployed}@1:deleteVersion`);
    await vertex.run("DELETE", deployed);
  });
});

describe("mutating a DeployedModel", () => {
  it("changes replica counts and logging, and nothing else", async () => {
    const endpoint = await vertex.createEndpoint();
    await vertex.deploy(endpoint, model, { deployedModel: { id: "1" } });
    const mutate = (deployedModel: object, updateMask: string) =>
      vertex.call("POST", `${endpoint}:mutateDeployedModel`, {
        deployedModel: { id: "1", ...deployedModel },
        updateMask,
      });
    const mask = "dedicated_resources.max_replica_count,disableContainerLogging";
    const started = await mutate({ dedicatedResources: { maxReplicaCount: 3 }, disableContainerLogging: true }, mask);
    const { json: done } = await vertex.call("POST", `${started.json["name"]}:wait`);
    expect(done["response"].deployedModel).toMatchObject({
      dedicatedResources: { ...dedicatedResources, maxReplicaCount: 3 },
      disableContainerLogging: true,
    });
    expect((await mutate({ displayName: "x" }, "displayName")).status).toBe(400);
    expect(
      (await mutate({ dedicatedResources: { minReplicaCount: 5 } }, "dedicatedResources.minReplicaCount")).status,
    ).toBe(400);
    expect((await mutate({ id: "8" }, "disableContainerLogging")).status).toBe(404);
  });

  it("changes what it scales by, to metrics that there are", async () => {
    const endpoint = await vertex.createEndpoint();
    await vertex.deploy(endpoint, model, {
      deployedModel: { id: "1", ...scaledBy({ metricName: cpu }) },
    });
    const updateMask = "dedicatedResources.autoscalingMetricSpecs,dedicatedResources.minReplicaCount";
    const mutate = (...specs: object[]) => {
      const { dedicatedResources: resources } = scaledBy(...specs);
      const deployedModel = { id: "1", dedicatedResources: { ...resources, minReplicaCount: 1 } };
      return vertex.call("POST", `${endpoint}:mutateDeployedModel`, { deployedModel, updateMask });
    };
    const specs = [
      { metricName: cpu, target: 80 },
      { metricName: requests, target: 600 },
    ];
    const started = await mutate(...specs);
    await vertex.call("POST", `${started.json["name"]}:wait`);
    const [deployed] = (await vertex.call("GET", endpoint)).json["deployedModels"];
    expect(deployed.dedicatedResources).toMatchObject({ minReplicaCount: 1, autoscalingMetricSpecs: specs });
    expect((await mutate({ metricName: "cpu" })).json["error"]).toMatchObject({
      code: 400,
      message: expect.stringContaining("metric_name"),
    });
  });
});
