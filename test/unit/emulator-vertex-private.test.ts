import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { dedicatedResources, location, type Json, startVertex, type VertexFixture } from "./emulator-vertex-fixture.js";

const network = "projects/123456789012/global/networks/default";

let vertex: VertexFixture;
let model: string;
let endpoint: string;

beforeAll(async () => {
  vertex = await startVertex();
  model = await vertex.upload();
  endpoint = await vertex.createEndpoint({ network }, "inside");
  const parameters = { sampledShapleyAttribution: { pathCount: 3 } };
  const explanationSpec = { parameters, metadata: { inputs: { a: {} }, outputs: { y: {} } } };
  await vertex.deploy(endpoint, model, { deployedModel: { id: "7", explanationSpec }, trafficSplit: {} });
});
afterAll(() => vertex.stop());

const uris = async (): Promise<Json> => (await vertex.call("GET", endpoint)).json["deployedModels"][0].privateEndpoints;
const post = (url: string, body: string, type = "application/json") =>
  fetch(url, { method: "POST", body, headers: { "content-type": type } });

describe("an endpoint in a network", () => {
  it("keeps the network, which can't be changed", async () => {
    expect((await vertex.call("GET", endpoint)).json).toMatchObject({ network });
    const patched = await vertex.call("PATCH", `${endpoint}?updateMask=network`, { network: `${network}2` });
    expect(patched.json["error"]).toMatchObject({ code: 400, status: "INVALID_ARGUMENT" });
  });

  it.each([
    ["by the project's id", { network: "projects/acme/global/networks/default" }, 400],
    ["by its name alone", { network: "default" }, 400],
    ["together with a dedicated endpoint", { network, dedicatedEndpointEnabled: true }, 400],
    ["together with Private Service Connect", { network, enablePrivateServiceConnect: true }, 501],
  ])("is refused when it is given %s", async (_how, given, code) => {
    const { json } = await vertex.call("POST", `${location}/endpoints`, { displayName: "x", ...given });
    expect(json["error"]).toMatchObject({ code, message: expect.stringMatching(/network|private_service_connect/) });
  });

  it("takes one DeployedModel", async () => {
    const { json } = await vertex.call("POST", `${endpoint}:deployModel`, {
      deployedModel: { model, dedicatedResources },
      trafficSplit: { "0": 50, "7": 50 },
    });
    expect(json["error"]).toMatchObject({ code: 400, status: "FAILED_PRECONDITION" });
    const other = await vertex.createEndpoint({ network });
    const request = { deployedModel: { model, dedicatedResources } };
    const both = await Promise.all([1, 2].map(() => vertex.call("POST", `${other}:deployModel`, request)));
    expect(both.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 400]));
    const operation = both.find(({ status }) => status === 200)!.json["name"] as string;
    expect((await vertex.call("POST", `${operation}:wait`)).json["response"].deployedModel).toHaveProperty(
      "privateEndpoints.predictHttpUri",
    );
  });

  it("refuses predictions and explanations from outside", async () => {
    for (const method of ["predict", "rawPredict", "streamRawPredict", "explain"]) {
      const { json } = await vertex.call("POST", `${endpoint}:${method}`, { instances: [1] });
      expect(json["error"]).toMatchObject({
        code: 400,
        status: "FAILED_PRECONDITION",
        message: expect.stringContaining("private_endpoints"),
      });
    }
  });

  it("hands what its predict URI gets to the container, and the container's answer back", async () => {
    const { predictHttpUri } = await uris();
    expect(predictHttpUri).toMatch(/\/v1\/models\/7:predict$/);
    const answer = await post(predictHttpUri, JSON.stringify({ instances: [1, "x"], parameters: { reply: "who" } }));
    expect(await answer.json()).toEqual({ predictions: ["7"], metadata: { served: true } });
    const failed = await post(predictHttpUri, JSON.stringify({ instances: [1], parameters: { reply: "error" } }));
    expect([failed.status, await failed.json()]).toEqual([500, { error: "three features expected" }]);
    const raw = await post(predictHttpUri, "abc", "text/plain");
    expect([raw.status, raw.headers.get("content-type"), await raw.text()]).toEqual([202, "text/plain", "cba"]);
    const large = await post(predictHttpUri, JSON.stringify({ instances: ["x".repeat(2_000_000)] }));
    expect(large.status).toBe(200);
  });

  it("explains at its explain URI, and tells its health at the third", async () => {
    const { explainHttpUri, healthHttpUri } = await uris();
    const explained = await post(
      explainHttpUri,
      JSON.stringify({ instances: [{ a: 2 }], parameters: { reply: "linear" } }),
    );
    expect(await explained.json()).toMatchObject({
      predictions: [5],
      explanations: [{ attributions: [{ featureAttributions: { a: 4 } }] }],
    });
    expect((await fetch(healthHttpUri)).status).toBe(200);
  });

  it("has no URI of a model that is not there, nor of an endpoint in no network", async () => {
    const { predictHttpUri } = await uris();
    const { status } = await post(predictHttpUri.replace("/7:", "/8:"), "{}");
    expect(status).toBe(404);
    const open = await vertex.createEndpoint({}, "outside");
    await vertex.deploy(open, model, { deployedModel: { id: "7" } });
    expect((await vertex.call("GET", open)).json["deployedModels"][0]).not.toHaveProperty("privateEndpoints");
    expect((await post(predictHttpUri.replace("/inside/", "/outside/"), "{}")).status).toBe(404);
  });
});
