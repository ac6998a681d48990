import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

let directory: string;
let emulator: Emulator;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulator-faults-"));
  emulator = await startEmulator({ operationLatencyMs: 1, record: join(directory, "record.jsonl") });
  await emulator.createBucket("acme-models", { project: "acme" });
});
afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const endpoints = "/v1/projects/acme/locations/europe-west1/endpoints";

async function send(method: string, path: string, body?: string) {
  const response = await fetch(`${emulator.url}${path}`, {
    method,
    ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  return { status: response.status, json: (text ? JSON.parse(text) : {}) as { error?: object; done?: boolean } };
}
const create = (id: string) => send("POST", `${endpoints}?endpointId=${id}`, '{"displayName": "x"}');
/** Whether the endpoint gets to be. */
const exists = async (id: string) => (await create(id)).status === 409;

describe("a fault", () => {
  it("fails the next requests that it fits, as many as it says, and none that it does not fit", async () => {
    const fault = emulator.failNext({
      method: /^GET .*\/endpoints$/,
      times: 2,
      status: "UNAVAILABLE",
      message: "busy",
    });
    expect((await send("GET", `${endpoints}/none`)).status).toBe(404);
    expect((await send("POST", endpoints, "{}")).status).toBe(400);
    expect(fault.fired).toBe(0);
    for (let time = 0; time < 2; time++) {
      expect(await send("GET", `${endpoints}?pageSize=1`)).toEqual({
        status: 503,
        json: { error: { code: 503, status: "UNAVAILABLE", message: "busy" } },
      });
    }
    expect((await send("GET", endpoints)).status).toBe(200);
    expect(fault.fired).toBe(2);
  });

  it("keeps the request from having its effect, or comes after it", async () => {
    emulator.failNext({ method: /POST .*\/endpoints$/, status: "RESOURCE_EXHAUSTED" });
    expect((await create("before")).status).toBe(429);
    expect(await exists("before")).toBe(false);
    emulator.failNext({ method: /POST .*\/endpoints$/, status: "INTERNAL", afterEffect: true });
    expect((await create("after")).status).toBe(500);
    expect(await exists("after")).toBe(true);
  });

  it("that comes after the effect waits for a request that has one", async () => {
    const fault = emulator.failNext({ method: /POST .*\/endpoints$/, status: "INTERNAL", afterEffect: true });
    expect((await send("POST", endpoints, "{}")).status).toBe(400);
    expect(fault.fired).toBe(0);
    expect((await create("later")).status).toBe(500);
    expect(fault.fired).toBe(1);
  });

  it("is in Cloud Storage's own form there, and leaves no object behind", async () => {
    emulator.failNext({ method: /POST \/upload\//, status: "RESOURCE_EXHAUSTED", message: "slow down" });
    const upload = () =>
      send("POST", "/upload/storage/v1/b/acme-models/o?uploadType=media&name=a", "x".repeat(100_000));
    expect(await upload()).toEqual({
      status: 429,
      json: {
        error: {
          code: 429,
          message: "slow down",
          errors: [{ message: "slow down", domain: "global", reason: "rateLimitExceeded" }],
        },
      },
    });
    expect((await send("GET", "/storage/v1/b/acme-models/o/a")).status).toBe(404);
    expect((await upload()).status).toBe(200);
  });

  it("takes the place of a download that has begun", async () => {
    await send("POST", "/upload/storage/v1/b/acme-models/o?uploadType=media&name=b", "content");
    emulator.failNext({ method: /GET .*\/o\/b$/, status: "UNAVAILABLE", afterEffect: true });
    expect((await send("GET", "/storage/v1/b/acme-models/o/b?alt=media")).status).toBe(503);
  });

  it("is used up in the order in which it was asked for, one request at a time", async () => {
    const first = emulator.failNext({ method: /GET/g, status: "ABORTED" });
    const second = emulator.failNext({ method: /GET/, times: 3, status: "UNAVAILABLE" });
    const answers = await Promise.all([1, 2, 3].map(() => send("GET", endpoints)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([409, 503, 503]);
    second.cancel();
    expect((await send("GET", endpoints)).status).toBe(200);
    expect([first.fired, second.fired]).toEqual([1, 2]);
  });

  it("is in the record as it was answered", async () => {
    emulator.failNext({ method: /GET .*\/recorded$/, status: "PERMISSION_DENIED" });
    await send("GET", `${endpoints}/recorded`);
    const lines = (await readFile(join(directory, "record.jsonl"), "utf8")).trim().split("\n");
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ path: `${endpoints}/recorded`, status: 403 });
  });
});
