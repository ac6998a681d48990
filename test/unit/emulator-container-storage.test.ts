import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type HttpServer, startHttpServer } from "../../src/emulator/http.js";
import { startEmulator } from "../../src/emulator/index.js";
import { StateStore } from "../../src/emulator/state.js";
import { openStorage } from "../../src/emulator/cloud-storage/storage-routes.js";

const cleanups: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function serveStorage(storageEndpoint?: string) {
  const dataDir = await mkdtemp(join(tmpdir(), "emulator-container-"));
  cleanups.push(() => rm(dataDir, { recursive: true }));
  const storage = await openStorage({ dataDir, state: await StateStore.open(dataDir), storageEndpoint });
  const server = await startHttpServer({ port: 0, routes: storage.routes, onLog: () => {} });
  cleanups.push(() => server.close());
  return { ...storage, server };
}

async function otherServer(): Promise<string> {
  const other = await startEmulator();
  cleanups.push(() => other.stop());
  return other.url;
}

describe.each([
  ["in the data directory", async () => undefined],
  ["in another server", otherServer],
])("objects %s", (_where, endpoint) => {
  let storage: Awaited<ReturnType<typeof serveStorage>>;
  let server: HttpServer;

  beforeAll(async () => {
    storage = await serveStorage(await endpoint());
    ({ server } = storage);
    await storage.objects.createBucket("acme-models", { project: "acme", location: "europe-west1" });
    for (const name of ["model/MLmodel", "model/data/weights", "model-2/MLmodel"]) {
      await storage.objects.write("acme-models", name, Buffer.from(`content of ${name}`));
    }
    storage.access.grant("token", "acme-models", "model");
  });

  const get = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${server.port}/containers/token${path}`, init);

  it("are read by the container that they were granted to, in ranges too", async () => {
    const path = "/download/storage/v1/b/acme-models/o/model%2FMLmodel?alt=media";
    expect(await (await get(path)).text()).toBe("content of model/MLmodel");
    const part = await get(path, { headers: { range: "bytes=0-6" } });
    expect([part.status, await part.text()]).toEqual([206, "content"]);
  });

  it("are listed below their prefix, with links that lead back here", async () => {
    const response = await get("/storage/v1/b/acme-models/o?prefix=model%2F&projection=noAcl");
    const { items } = (await response.json()) as { items: { name: string; mediaLink: string }[] };
    expect(items.map((item) => item.name)).toEqual(["model/MLmodel", "model/data/weights"]);
    expect(await (await fetch(items[1]!.mediaLink)).text()).toBe("content of model/data/weights");
  });

  it.each([
    ["another object", "/storage/v1/b/acme-models/o/model-2%2FMLmodel?alt=media", "GET"],
    ["another object by a path that leads out", "/storage/v1/b/acme-models/o/%2Fmodel%2F..%2Fmodel-2%2FMLmodel", "GET"],
    ["a list of more than was granted", "/storage/v1/b/acme-models/o?prefix=model", "GET"],
    ["a list of everything", "/storage/v1/b/acme-models/o", "GET"],
    ["another bucket", "/storage/v1/b/other/o/model%2FMLmodel", "GET"],
    ["the bucket itself", "/storage/v1/b/acme-models", "GET"],
    ["all buckets", "/storage/v1/b?project=acme", "GET"],
    ["an upload", "/upload/storage/v1/b/acme-models/o?uploadType=media&name=model%2Fx", "POST"],
    ["a deletion", "/storage/v1/b/acme-models/o/model%2FMLmodel", "DELETE"],
  ])("refuse the container %s", async (_what, path, method) => {
    const response = await get(path, { method });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      error: { code: 403, message: expect.stringContaining("does not have") },
    });
  });

  it("refuse a token that is not one, or no longer", async () => {
    const path = "/storage/v1/b/acme-models/o/model%2FMLmodel";
    expect((await fetch(`http://127.0.0.1:${server.port}/containers/guess${path}`)).status).toBe(403);
    storage.access.grant("brief", "acme-models", "model/");
    storage.access.revoke("brief");
    expect((await fetch(`http://127.0.0.1:${server.port}/containers/brief${path}`)).status).toBe(403);
  });

  it("are read and listed by a container that was granted the whole bucket, and those of no other", async () => {
    storage.access.grant("broad", "acme-models");
    const broad = (path: string, method = "GET") =>
      fetch(`http://127.0.0.1:${server.port}/containers/broad/storage/v1/b/${path}`, { method });
    const { items } = (await (await broad("acme-models/o")).json()) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toContain("model-2/MLmodel");
    expect(await (await broad("acme-models/o/model-2%2FMLmodel?alt=media")).text()).toBe("content of model-2/MLmodel");
    expect((await broad("other/o")).status).toBe(403);
    expect((await broad("acme-models/o/model-2%2FMLmodel", "DELETE")).status).toBe(403);
  });

  it("serve the client of the one who deploys: uploads, checksums, preconditions, copies", async () => {
    const client = new Storage({ apiEndpoint: `http://127.0.0.1:${server.port}`, projectId: "acme" });
    const file = client.bucket("acme-models").file("from the client");
    for (const resumable of [true, false]) {
      await file.save(Buffer.alloc(300_000, resumable ? 1 : 2), { resumable, validation: "crc32c" });
      expect((await file.download())[0][0]).toBe(resumable ? 1 : 2);
    }
    const again = file.save("x", { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
    await expect(again).rejects.toMatchObject({ code: 412 });
    const copy = await storage.objects.copy(
      { bucket: "acme-models", object: file.name },
      { bucket: "acme-models", object: "copy" },
    );
    expect(Number(copy.size)).toBe(300_000);
    await storage.objects.delete("acme-models", "copy");
    await storage.objects.delete("acme-models", "copy");
    expect(await storage.objects.stat("acme-models", "copy")).toBeUndefined();
    expect(await storage.objects.getBucket("nowhere-at-all")).toBeUndefined();
    await expect(storage.objects.open("acme-models", "copy")).rejects.toMatchObject({ httpStatus: 404 });
  });
});

describe("another server for objects", () => {
  it("that does not answer is named as the cause", async () => {
    const { server } = await serveStorage("http://127.0.0.1:9");
    const response = await fetch(`http://127.0.0.1:${server.port}/storage/v1/b?project=acme`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("storage endpoint does not answer");
  });
});
