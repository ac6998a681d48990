import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { container, type Json, startVertex, type VertexFixture } from "./emulator-vertex-fixture.js";

let vertex: VertexFixture;
let model: string;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulator-undeploy-"));
  vertex = await startVertex();
  model = await vertex.upload();
});
afterAll(async () => {
  await vertex.stop();
  await rm(directory, { recursive: true });
});

async function serve(first: Json = {}): Promise<string> {
  const endpoint = await vertex.createEndpoint();
  await vertex.deploy(endpoint, model, { deployedModel: { id: "1", ...first } });
  await vertex.deploy(endpoint, model, { deployedModel: { id: "2" }, trafficSplit: {} });
  return endpoint;
}

const moveTraffic = (endpoint: string, id: string) =>
  vertex.call("PATCH", `${endpoint}?updateMask=trafficSplit`, { trafficSplit: { [id]: 100 } });
const undeploy = (endpoint: string, id: string) =>
  vertex.call("POST", `${endpoint}:undeployModel`, { deployedModelId: id });
const finished = async ({ json }: { json: Json }) => (await vertex.call("POST", `${json["name"]}:wait`)).json;

/** A prediction that its server has got, and holds until the file is written. */
async function held(endpoint: string, file: string, prefix = `${vertex.url}/v1/${endpoint}:predict`) {
  const until = join(directory, file);
  const body = JSON.stringify({ instances: [1], parameters: { reply: "hold", until } });
  const answer = fetch(prefix, { method: "POST", body, headers: { "content-type": "application/json" } });
  await expect.poll(() => vertex.logged.map((line) => line.textPayload)).toContain(`holding until ${until}`);
  return { answer, release: () => writeFile(until, "") };
}

describe("undeploying a model", () => {
  it("fails no prediction of clients that go on while traffic moves and the old model goes", async () => {
    const endpoint = await serve();
    const served: string[] = [];
    const over = new AbortController();
    const client = async () => {
      while (!over.signal.aborted) {
        const { status, json } = await vertex.predict(endpoint, { instances: [1] });
        served.push(status === 200 ? (json["deployedModelId"] as string) : JSON.stringify(json));
      }
    };
    const clients = Array.from({ length: 4 }, client);
    for (const [from, to] of ["12", "23", "34"].map((pair) => [pair[0]!, pair[1]!] as const)) {
      if (to !== "2") await vertex.deploy(endpoint, model, { deployedModel: { id: to }, trafficSplit: {} });
      await expect.poll(() => served).toContain(from);
      await moveTraffic(endpoint, to);
      expect(await finished(await undeploy(endpoint, from))).not.toHaveProperty("error");
    }
    over.abort();
    await Promise.all(clients);
    expect(served.filter((each) => !/^\d$/.test(each))).toEqual([]);
  });

  it("fails none when the undeploy itself gives the traffic away", async () => {
    const endpoint = await serve();
    const answers = Array.from({ length: 40 }, () => vertex.predict(endpoint, { instances: [1] }));
    await vertex.run("POST", `${endpoint}:undeployModel`, { deployedModelId: "1", trafficSplit: { "2": 100 } });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it("gets no request that began before and has its body only now", async () => {
    const endpoint = await serve();
    const began = request(`${vertex.url}/v1/${endpoint}:predict`, { method: "POST" });
    const answered = once(began, "response") as Promise<[IncomingMessage]>;
    began.write('{"instances": ');
    await moveTraffic(endpoint, "2");
    await finished(await undeploy(endpoint, "1"));
    began.end("[1]}");
    const [answer] = await answered;
    expect(JSON.parse(await text(answer))).toMatchObject({ deployedModelId: "2" });
  });

  it("waits for what its server is answering, and is not over before", async () => {
    const endpoint = await serve();
    const { answer, release } = await held(endpoint, "answered");
    await moveTraffic(endpoint, "2");
    const undeploying = await undeploy(endpoint, "1");
    await expect.poll(async () => (await vertex.call("GET", endpoint)).json["deployedModels"]).toHaveLength(1);
    expect((await vertex.predict(endpoint, { instances: [1] })).json["deployedModelId"]).toBe("2");
    expect((await vertex.call("GET", undeploying.json["name"])).json["done"]).toBe(false);
    await release();
    expect(await (await answer).json()).toMatchObject({ predictions: ["1"], deployedModelId: "1" });
    expect(await finished(undeploying)).toMatchObject({ done: true, response: expect.anything() });
  });

  it("waits for the end of a stream", async () => {
    const endpoint = await vertex.createEndpoint({ dedicatedEndpointEnabled: true });
    await vertex.deploy(endpoint, model, { deployedModel: { id: "1" } });
    const { dedicatedEndpointDns } = (await vertex.call("GET", endpoint)).json;
    const url = `http://${dedicatedEndpointDns}/v1/${endpoint}:streamRawPredict`;
    const { answer, release } = await held(endpoint, "streamed", url);
    const undeploying = await undeploy(endpoint, "1");
    await expect.poll(async () => (await vertex.call("GET", endpoint)).json).not.toHaveProperty("deployedModels");
    expect((await vertex.call("GET", undeploying.json["name"])).json["done"]).toBe(false);
    await release();
    expect(await (await answer).json()).toEqual({ predictions: ["1"] });
    expect(await finished(undeploying)).toMatchObject({ done: true });
  });

  it("is over when the client whose request is held goes away", async () => {
    const endpoint = await serve();
    const until = join(directory, "never");
    const body = JSON.stringify({ instances: [1], parameters: { reply: "hold", until } });
    const client = new AbortController();
    const answer = fetch(`${vertex.url}/v1/${endpoint}:predict`, { method: "POST", body, signal: client.signal });
    await expect.poll(() => vertex.logged.map((line) => line.textPayload)).toContain(`holding until ${until}`);
    await moveTraffic(endpoint, "2");
    const undeploying = await undeploy(endpoint, "1");
    client.abort();
    await expect(answer).rejects.toThrow("aborted");
    expect(await finished(undeploying)).toMatchObject({ done: true, response: expect.anything() });
  });

  it("keeps the model, the endpoint and the id until the last answer is given", async () => {
    const other = await vertex.upload();
    const endpoint = await vertex.createEndpoint();
    await vertex.deploy(endpoint, other, { deployedModel: { id: "1" } });
    const { answer, release } = await held(endpoint, "kept");
    const undeploying = await undeploy(endpoint, "1");
    await expect.poll(async () => (await vertex.call("GET", endpoint)).json).not.toHaveProperty("deployedModels");
    expect((await vertex.call("DELETE", other)).json["error"]).toMatchObject({ status: "FAILED_PRECONDITION" });
    expect((await vertex.call("DELETE", endpoint)).json["error"]).toMatchObject({ status: "FAILED_PRECONDITION" });
    await release();
    expect((await answer).status).toBe(200);
    await finished(undeploying);
    await vertex.run("DELETE", other);
    await vertex.run("DELETE", endpoint);
  });

  it("hands what waits for a server that is down to the model that has the traffic now", async () => {
    const env = [{ name: "FAKE_MARKER", value: join(directory, "started") }];
    const once = await vertex.upload({ containerSpec: container({ env }) });
    const endpoint = await serve({ model: once });
    await vertex.predict(endpoint, { instances: [1], parameters: { reply: "crash" } });
    const deaths = () => vertex.logged.filter((line) => line.textPayload.includes("The model server did not start"));
    await expect.poll(() => deaths().length, { timeout: 10_000 }).toBeGreaterThan(0);
    const waiting = vertex.predict(endpoint, { instances: [1] });
    await moveTraffic(endpoint, "2");
    await undeploy(endpoint, "1");
    expect((await waiting).json).toMatchObject({ deployedModelId: "2" });
  });

  it("leaves no server behind when the emulator stops meanwhile", async () => {
    const other = await startVertex();
    const endpoint = await other.createEndpoint();
    await other.deploy(endpoint, await other.upload(), { deployedModel: { id: "1" } });
    const { json } = await other.predict(endpoint, { instances: [1], parameters: { reply: "pid" } });
    const until = join(directory, "stopped");
    const answer = other.predict(endpoint, { instances: [1], parameters: { reply: "hold", until } }).catch(() => {});
    await expect.poll(() => other.logged.map((line) => line.textPayload)).toContain(`holding until ${until}`);
    await other.call("POST", `${endpoint}:undeployModel`, { deployedModelId: "1" });
    await expect.poll(async () => (await other.call("GET", endpoint)).json).not.toHaveProperty("deployedModels");
    await other.stop();
    await answer;
    expect(() => process.kill(json["predictions"][0] as number, 0)).toThrow("ESRCH");
  });
});
