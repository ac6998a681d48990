import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { container, dedicatedResources, fakeImage, imageUri, location } from "./emulator-vertex-fixture.js";

let directory: string;
let emulator: Emulator;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulator-server-"));
  emulator = await startEmulator({ record: join(directory, "logs", "record.jsonl") });
});

afterEach(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${emulator.url}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });

const readRecord = async () =>
  (await readFile(join(directory, "logs", "record.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the emulator", () => {
  it("answers what it does not know in Google's form", async () => {
    const response = await fetch(`${emulator.url}/v1/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 404, status: "NOT_FOUND" } });
  });

  it("answers a body that is no JSON in Google's words", async () => {
    const response = await post("/v2/entries:list", "{broken");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { status: "INVALID_ARGUMENT", message: expect.stringContaining("Invalid JSON payload received.") },
    });
  });

  it("listens on loopback only", () => {
    expect(emulator.host).toBe(`127.0.0.1:${emulator.port}`);
    expect(emulator.url).toBe(`http://${emulator.host}`);
  });

  it("makes a bucket when asked, once", async () => {
    await emulator.createBucket("acme-models", { location: "europe-west1", project: "acme" });
    await emulator.createBucket("acme-models");
    const bucket = (await (await fetch(`${emulator.url}/storage/v1/b/acme-models`)).json()) as { location: string };
    expect(bucket.location).toBe("EUROPE-WEST1");
  });

  it("stops when its signal is aborted, and more than once without harm", async () => {
    const controller = new AbortController();
    const other = await startEmulator({ signal: controller.signal });
    controller.abort();
    await other.stop();
    await expect(fetch(other.url)).rejects.toThrow("fetch failed");
  });

  it("refuses a port that is taken", async () => {
    await expect(startEmulator({ port: emulator.port })).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
  });

  it("gives a model server only so long to become healthy as it was told", async () => {
    const name = imageUri.replace(":1", "");
    const image = { ...fakeImage(), name, tags: ["1"], createTime: new Date().toISOString() };
    await mkdir(join(directory, "data", "state"), { recursive: true });
    await writeFile(
      join(directory, "data", "state", "images.json"),
      JSON.stringify([[`${name}@${image.digest}`, image]]),
    );
    await emulator.stop();
    emulator = await startEmulator({ dataDir: join(directory, "data"), longestStartSeconds: 0.5 });
    const run = async (path: string, body: unknown) => {
      const { name: operation } = (await (await post(`/v1/${path}`, JSON.stringify(body))).json()) as { name: string };
      return (await (await post(`/v1/${operation}:wait`, "")).json()) as {
        response?: Record<string, string>;
        error?: { message: string };
      };
    };
    const model = { displayName: "iris", containerSpec: container({ mode: "unhealthy" }) };
    const uploaded = await run(`${location}/models:upload`, { model });
    const created = await run(`${location}/endpoints`, { displayName: "tester" });
    const { error } = await run(`${created.response?.["name"]}:deployModel`, {
      deployedModel: { model: uploaded.response?.["model"], dedicatedResources },
    });
    expect(error?.message).toContain("Model server never became ready.");
  });

  it("drops an upload whose client goes away", async () => {
    await emulator.createBucket("acme-models");
    const upload = request(`${emulator.url}/upload/storage/v1/b/acme-models/o?uploadType=media&name=half`, {
      method: "POST",
      headers: { "content-length": "1000000" },
    });
    upload.on("error", () => {});
    upload.write(Buffer.alloc(100_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    upload.destroy();
    expect((await fetch(`${emulator.url}/storage/v1/b/acme-models/o/half`)).status).toBe(404);
  });
});

describe("the record", () => {
  it("has each request with its status, and neither headers nor what a container is told", async () => {
    const model = {
      displayName: "iris",
      containerSpec: { imageUri: "x", env: [{ name: "TOKEN", value: "s3cret" }] },
    };
    await post(
      "/v1/projects/acme/locations/europe-west1/models:upload?alt=json&key=s3cret",
      JSON.stringify({ model }),
      {
        authorization: "Bearer s3cret",
      },
    );
    const [line] = await readRecord();
    expect(line).toMatchObject({
      method: "POST",
      path: "/v1/projects/acme/locations/europe-west1/models:upload",
      query: { alt: "json", key: "***" },
      body: { model: { displayName: "iris", containerSpec: { env: [{ name: "TOKEN", value: "***" }] } } },
      status: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(JSON.stringify(line)).not.toContain("s3cret");
  });

  it("has the body of a request that was refused before it was read", async () => {
    await post("/v1/projects/acme/locations/europe-west1/endpoints/none:predict", '{"instances":[1]}');
    expect((await readRecord()).at(-1)).toMatchObject({ body: { instances: [1] }, status: 404 });
  });

  it("has the length of a body that is not JSON", async () => {
    await emulator.createBucket("acme-models");
    await post("/upload/storage/v1/b/acme-models/o?uploadType=media&name=a", "12345", { "content-type": "text/plain" });
    expect((await readRecord()).at(-1)).toMatchObject({ body: { bytes: 5 }, status: 200 });
  });
});
