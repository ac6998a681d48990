import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { failedPrecondition } from "../../src/emulator/google-error.js";
import { Operations } from "../../src/emulator/operations.js";
import { StateStore } from "../../src/emulator/state.js";
import { container, location, startVertex } from "./emulator-vertex-fixture.js";

let dataDir: string;
let state: StateStore;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "emulator-operations-"));
  state = await StateStore.open(dataDir);
});
afterEach(async () => {
  await state.close();
  await rm(dataDir, { recursive: true, force: true });
});

const forever = ({ signal }: { signal: AbortSignal }) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("operations", () => {
  it("answer unfinished, then with the response of their work", async () => {
    const operations = new Operations({ state, latencyMs: 1 });
    const started = operations.start({ parent: "projects/p/locations/l/models/m" }, {}, async () => ({ answer: 42 }));
    expect(started).toEqual({
      name: expect.stringMatching(/^projects\/p\/locations\/l\/models\/m\/operations\/\d{19}$/),
      metadata: {},
      done: false,
    });
    expect(await operations.wait(started.name, 5000)).toMatchObject({ done: true, response: { answer: 42 } });
    expect(operations.list("projects/p/locations/l").map((each) => each.name)).toEqual([started.name]);
    operations.delete(started.name);
    expect(() => operations.get(started.name)).toThrow("was not found");
  });

  it("hold a failure with its gRPC code", async () => {
    const operations = new Operations({ state, latencyMs: 1 });
    const { name } = operations.start({ parent: "p" }, {}, async () => {
      throw failedPrecondition("no bucket");
    });
    expect(await operations.wait(name, 5000)).toMatchObject({ done: true, error: { code: 9, message: "no bucket" } });
  });

  it("show progress, and the times of generic metadata", async () => {
    const operations = new Operations({ state, latencyMs: 1 });
    let go = () => {};
    const { name } = operations.start({ parent: "p" }, { genericMetadata: {}, stage: "A" }, async ({ update }) => {
      update({ stage: "B" });
      await new Promise<void>((resolve) => (go = resolve));
    });
    await expect
      .poll(() => operations.get(name).metadata)
      .toEqual({ genericMetadata: { createTime: expect.any(String), updateTime: expect.any(String) }, stage: "B" });
    expect(() => operations.delete(name)).toThrow("not done");
    expect(await operations.wait(name, 1)).toMatchObject({ done: false });
    go();
    await operations.wait(name, 5000);
  });

  it("that are cancelled end with code 1, even before their work began, and say so to their owner", async () => {
    const operations = new Operations({ state, latencyMs: 60_000 });
    let ended = false;
    const { name } = operations.start({ parent: "p" }, {}, forever, () => (ended = true));
    operations.cancel(name);
    expect(await operations.wait(name, 5000)).toMatchObject({ done: true, error: { code: 1 } });
    expect(ended).toBe(true);
  });

  it("that a crash interrupted read as aborted after it, and finished ones as they were", async () => {
    const before = new Operations({ state, latencyMs: 1 });
    const finished = before.start({ parent: "p" }, {}, async () => ({ answer: 42 }));
    await before.wait(finished.name, 5000);
    const lost = before.start({ parent: "p" }, {}, forever);
    await state.close();
    const restarted = await StateStore.open(dataDir);
    const after = new Operations({ state: restarted, latencyMs: 1 });
    expect(after.get(lost.name)).toMatchObject({ done: true, error: { code: 10 } });
    expect(after.get(finished.name)).toMatchObject({ done: true, response: { answer: 42 } });
    await restarted.close();
    await before.stop();
    expect(before.get(lost.name)).toMatchObject({ done: true, error: { code: 10 } });
  });
});

describe("operations of Vertex AI", () => {
  it("are read under /v1 and /ui, listed below the location and the resource, and deleted", async () => {
    const vertex = await startVertex();
    const done = await vertex.run("POST", `${location}/models:upload`, {
      modelId: "m",
      model: { displayName: "iris", containerSpec: container() },
    });
    const byNumber = await fetch(`${vertex.url}/ui/${done.name}?$alt=json;enum-encoding=int`);
    expect(await byNumber.json()).toEqual(done);
    for (const parent of [location, `${location}/models/m`]) {
      expect((await vertex.call("GET", `${parent}/operations`)).json["operations"]).toEqual([done]);
    }
    expect((await vertex.call("DELETE", done.name)).json).toEqual({});
    expect((await vertex.call("GET", done.name)).json["error"]).toMatchObject({ code: 404, status: "NOT_FOUND" });
    expect((await vertex.call("POST", `${done.name}:wait?timeout=soon`)).status).toBe(400);
    await vertex.stop();
  });
});

describe("a restart of the emulator", () => {
  it("serves what was deployed again, and has stopped what it started", async () => {
    const first = await startVertex();
    const endpoint = await first.createEndpoint();
    await first.deploy(endpoint, await first.upload());
    const pid = (await first.predict(endpoint, { instances: [1], parameters: { reply: "pid" } })).json[
      "predictions"
    ][0] as number;
    await first.stop({ keep: true });
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    const second = await startVertex({ dataDir: first.dataDir });
    expect((await second.predict(endpoint, { instances: [1] })).json["predictions"]).toEqual([1]);
    await second.stop();
  });
});
