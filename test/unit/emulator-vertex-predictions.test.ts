import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { container, type Json, startVertex, type VertexFixture } from "./emulator-vertex-fixture.js";

let vertex: VertexFixture;
let endpoint: string;

beforeAll(async () => {
  vertex = await startVertex();
  await vertex.objects.createBucket("acme-models", { project: "acme", location: "EUROPE-WEST1" });
  await vertex.objects.write("acme-models", "iris/MLmodel", Buffer.from("flavors"));
  const args = ["emulator-vertex-fake-server.mjs", "$(GREETING)", "$$(GREETING)", "$(NOBODY)", "$(AIP_MODE)"];
  const env = [
    { name: "GREETING", value: "hello" },
    { name: "TWICE", value: "$(GREETING) $(GREETING)" },
  ];
  const model = await vertex.upload({
    artifactUri: "gs://acme-models/iris",
    containerSpec: container({ command: ["python"], args, env }),
  });
  endpoint = await vertex.createEndpoint({}, "served");
  await vertex.deploy(endpoint, model, { deployedModel: { id: "11" } });
});
afterAll(() => vertex.stop());

const ask = async (reply: string, more: Json = {}) =>
  (await vertex.predict(endpoint, { instances: [1], parameters: { reply, ...more } })).json;

describe("the container", () => {
  it("is told everything that the custom-container contract names", async () => {
    const env = (await ask("env"))["predictions"][0];
    expect(env).toMatchObject({
      AIP_HTTP_PORT: expect.stringMatching(/^\d+$/),
      AIP_PREDICT_ROUTE: "/predict",
      AIP_HEALTH_ROUTE: "/health",
      AIP_STORAGE_URI: expect.stringMatching(/^gs:\/\/caip-tenant-[0-9a-f]+\//),
      AIP_MODE: "PREDICTION",
      AIP_FRAMEWORK: "CUSTOM_CONTAINER",
      AIP_PROJECT_NUMBER: expect.stringMatching(/^\d{12}$/),
      AIP_ENDPOINT_ID: "served",
      AIP_DEPLOYED_MODEL_ID: "11",
      AIP_MACHINE_TYPE: "n1-standard-2",
      FROM_IMAGE: "yes",
      PYTHONPATH: "/nowhere",
      TWICE: "hello hello",
      SERVING_HOST: "127.0.0.1",
    });
  });

  it("gets none of the emulator's own variables", async () => {
    process.env["GOOGLE_APPLICATION_CREDENTIALS"] = "/secret.json";
    const model = await vertex.upload();
    const other = await vertex.createEndpoint();
    await vertex.deploy(other, model);
    delete process.env["GOOGLE_APPLICATION_CREDENTIALS"];
    const { json } = await vertex.predict(other, { instances: [1], parameters: { reply: "env" } });
    expect(json["predictions"][0]).not.toHaveProperty("GOOGLE_APPLICATION_CREDENTIALS");
  });

  it("runs command and args with $(VAR) expanded and $$(VAR) escaped", async () => {
    expect((await ask("argv"))["predictions"]).toEqual(["hello", "$(GREETING)", "$(NOBODY)", "PREDICTION"]);
  });

  it("reads the service's copy of its artifacts, and no other object", async () => {
    await vertex.objects.delete("acme-models", "iris/MLmodel");
    expect((await ask("storage", { object: "MLmodel" }))["predictions"]).toEqual([200, "flavors"]);
    expect((await ask("storage", { object: "/iris/MLmodel" }))["predictions"][0]).toBe(403);
  });

  it("is started again when it dies", async () => {
    const before = (await ask("pid"))["predictions"][0];
    expect((await ask("crash"))["error"]).toMatchObject({ code: 503, status: "UNAVAILABLE" });
    await expect.poll(async () => (await ask("pid"))["predictions"]?.[0], { timeout: 10_000 }).not.toBe(before);
    await expect
      .poll(async () => (await ask("pid"))["predictions"]?.[0], { timeout: 10_000 })
      .toEqual(expect.any(Number));
  });
});

describe("predict", () => {
  it("answers with the predictions, the model and the DeployedModel", async () => {
    const { json } = await vertex.predict(endpoint, { instances: [[5.1, 3.5]], parameters: { reply: "who" } });
    expect(json).toEqual({
      predictions: ["11"],
      metadata: { served: true },
      deployedModelId: "11",
      model: expect.stringContaining("/models/"),
      modelDisplayName: "iris",
      modelVersionId: "1",
    });
  });

  it("passes every number as a double", async () => {
    const body = '{"instances": [9007199254740993, 1.0, 0.1, "text", null, true, {"a": [2]}]}';
    const response = await fetch(`${vertex.url}/v1/${endpoint}:predict`, { method: "POST", body });
    expect(((await response.json()) as Json)["predictions"]).toEqual([
      9007199254740992,
      1,
      0.1,
      "text",
      null,
      true,
      { a: [2] },
    ]);
  });

  it.each([
    '{"instances": [NaN]}',
    '{"instances": [Infinity]}',
    '{"instances": [1e999]}',
    `{"instances": ${"[".repeat(200)}${"]".repeat(200)}}`,
    '{"inputs": [1]}',
    '{"instances": 5}',
    "{}",
  ])("refuses the body %s", async (body) => {
    const response = await fetch(`${vertex.url}/v1/${endpoint}:predict`, { method: "POST", body });
    expect(((await response.json()) as Json)["error"]).toMatchObject({ code: 400, status: "INVALID_ARGUMENT" });
  });

  it("takes at most 1.5 MB on a shared endpoint", async () => {
    const { json } = await vertex.predict(endpoint, { instances: ["x".repeat(1_500_000)] });
    expect(json["error"]).toMatchObject({
      code: 400,
      status: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^The request size \(15\d+ bytes\) exceeds 1\.500MB limit\.$/),
    });
  });

  it.each([
    ["error", "three features expected"],
    ["nothing", "predictions"],
    ["NaN", "not JSON"],
  ])("is a failed precondition when the server answers with %s", async (reply, message) => {
    expect((await ask(reply))["error"]).toMatchObject({
      code: 400,
      status: "FAILED_PRECONDITION",
      message: expect.stringMatching(new RegExp(`^Prediction failed: .*${message}`)),
    });
  });

  it("needs traffic", async () => {
    const empty = await vertex.createEndpoint();
    expect((await vertex.predict(empty, { instances: [1] })).json["error"]).toEqual({
      code: 400,
      status: "FAILED_PRECONDITION",
      message: `Endpoint ${empty} doesn't have traffic_split.`,
    });
  });

  it("goes to the DeployedModels by their share of the traffic, and to none without", async () => {
    const model = await vertex.upload();
    const shared = await vertex.createEndpoint();
    await vertex.deploy(shared, model, { deployedModel: { id: "1" } });
    await vertex.deploy(shared, model, { deployedModel: { id: "2" }, trafficSplit: { "0": 50, "1": 50 } });
    await vertex.deploy(shared, model, { deployedModel: { id: "3" }, trafficSplit: {} });
    const served = new Set<string>();
    for (let count = 0; count < 60; count++)
      served.add((await vertex.predict(shared, { instances: [1] })).json["deployedModelId"]);
    expect([...served].sort()).toEqual(["1", "2"]);
  });
});

describe("rawPredict", () => {
  it("passes bytes both ways, with the container's status and who served it", async () => {
    const response = await fetch(`${vertex.url}/v1/${endpoint}:rawPredict`, {
      method: "POST",
      body: Buffer.from([1, 2, 255]),
      headers: { "content-type": "application/octet-stream" },
    });
    expect(response.status).toBe(202);
    expect([...Buffer.from(await response.arrayBuffer())]).toEqual([255, 2, 1]);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("X-Vertex-AI-Endpoint-Id")).toBe("served");
    expect(response.headers.get("X-Vertex-AI-Deployed-Model-Id")).toBe("11");
  });

  it("streams on dedicated endpoints only", async () => {
    expect((await vertex.call("POST", `${endpoint}:streamRawPredict`, {})).json["error"]).toMatchObject({
      status: "FAILED_PRECONDITION",
    });
  });
});

describe("a dedicated endpoint", () => {
  it("is reached at its own dns alone, with 10 MB and streams", async () => {
    const dedicated = await vertex.createEndpoint({
      dedicatedEndpointEnabled: true,
      clientConnectionConfig: { inferenceTimeout: "300s" },
    });
    await vertex.deploy(dedicated, await vertex.upload());
    const { dedicatedEndpointDns } = (await vertex.call("GET", dedicated)).json;
    const shared = await vertex.predict(dedicated, { instances: [1] });
    expect(shared.json["error"]).toMatchObject({
      code: 400,
      status: "FAILED_PRECONDITION",
      message: expect.stringContaining(dedicatedEndpointDns),
    });
    const post = (method: string, body: string, type = "application/json") =>
      fetch(`http://${dedicatedEndpointDns}/v1/${dedicated}:${method}`, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
    const large = JSON.stringify({ instances: ["x".repeat(2_000_000)] });
    expect((await post("predict", large)).status).toBe(200);
    expect(await (await post("streamRawPredict", "abc", "text/plain")).text()).toBe("cba");
    const wrong = await fetch(`http://${dedicatedEndpointDns}/v1/${endpoint}:predict`, { method: "POST", body: "{}" });
    expect(wrong.status).toBe(404);
  });
});
