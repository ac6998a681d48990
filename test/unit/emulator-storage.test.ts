import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Bucket, Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

let emulator: Emulator;
let storage: Storage;
let bucket: Bucket;

beforeAll(async () => {
  emulator = await startEmulator();
  storage = new Storage({ apiEndpoint: emulator.url, projectId: "acme" });
  [bucket] = await storage.createBucket("acme-models", { location: "europe-west1" });
});

afterAll(() => emulator.stop());

/** A request without a client in between. */
function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${emulator.url}${path}`, init);
}

describe("buckets", () => {
  it("have the location they were made with", async () => {
    const [metadata] = await bucket.getMetadata();
    expect(metadata).toMatchObject({ name: "acme-models", location: "EUROPE-WEST1", locationType: "region" });
    expect(metadata.timeCreated).toMatch(/^\d{4}-/);
  });

  it("are listed for their own project only", async () => {
    const [mine] = await storage.getBuckets();
    expect(mine.map((each) => each.name)).toContain("acme-models");
    const [others] = await storage.getBuckets({ project: "other" });
    expect(others).toEqual([]);
  });

  it("are never made by themselves", async () => {
    await expect(storage.bucket("nowhere").file("a").save("x", { resumable: false })).rejects.toMatchObject({
      code: 404,
      message: expect.stringContaining("The specified bucket does not exist."),
    });
  });

  it("answer a name that is taken with 409", async () => {
    await expect(storage.createBucket("acme-models")).rejects.toMatchObject({ code: 409 });
  });

  it.each(["Capitals", "a", "has..dots", "goog-x", "../up", "1.2.3.4"])("refuse the name %s", async (name) => {
    const response = await send("/storage/v1/b?project=acme", { method: "POST", body: JSON.stringify({ name }) });
    expect(response.status).toBe(400);
  });

  it("refuse a location that is none, a field that is none, and what is not emulated", async () => {
    const create = (body: object) =>
      send("/storage/v1/b?project=acme", { method: "POST", body: JSON.stringify({ name: "other-bucket", ...body }) });
    expect((await create({ location: "MARS" })).status).toBe(400);
    const unknown = await create({ colour: "red" });
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({
      error: {
        code: 400,
        errors: [{ domain: "global", reason: "invalid", message: expect.stringContaining('Unknown name "colour"') }],
      },
    });
    expect((await create({ versioning: { enabled: true } })).status).toBe(501);
  });

  it("are deleted only when they are empty", async () => {
    const [temporary] = await storage.createBucket("short-lived");
    await temporary.file("a").save("x", { resumable: false });
    await expect(temporary.delete()).rejects.toMatchObject({ code: 409 });
    await temporary.file("a").delete();
    await temporary.delete();
    expect(await temporary.exists()).toEqual([false]);
  });

  it("say that whoever asks may do what was asked about", async () => {
    const [permissions] = await bucket.iam.testPermissions(["storage.objects.create"]);
    expect(permissions).toEqual({ "storage.objects.create": true });
  });
});

describe("uploads", () => {
  it.each([
    ["in one request", { resumable: false }],
    ["resumable", { resumable: true }],
    ["resumable in chunks", { resumable: true, chunkSize: 256 * 1024 }],
  ])("that are %s give back the same bytes", async (_how, options) => {
    const content = randomBytes(700_001);
    const file = bucket.file(`uploads/${_how}/ü #?%2F.bin`);
    await file.save(content, {
      ...options,
      validation: "crc32c",
      metadata: { contentType: "x/y", metadata: { run: "1" } },
    });
    const [downloaded] = await file.download({ validation: "crc32c" });
    expect(downloaded.equals(content)).toBe(true);
    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({ size: "700001", contentType: "x/y", metadata: { run: "1" }, metageneration: "1" });
  });

  it("of nothing make an empty object", async () => {
    for (const resumable of [true, false]) {
      await bucket.file("empty").save(Buffer.alloc(0), { resumable });
      const [content] = await bucket.file("empty").download();
      expect(content.length).toBe(0);
    }
  });

  it("stream from a file on disk", async () => {
    const directory = await mkdtemp(join(tmpdir(), "emulator-upload-"));
    try {
      const content = randomBytes(3_000_000);
      await writeFile(join(directory, "model.bin"), content);
      await bucket.upload(join(directory, "model.bin"), { destination: "model.bin" });
      expect((await bucket.file("model.bin").download())[0].equals(content)).toBe(true);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("with a wrong checksum are refused and leave nothing", async () => {
    const wrong = { crc32c: "AAAAAA==" };
    for (const resumable of [true, false]) {
      const saving = bucket.file("wrong").save("content", { resumable, metadata: wrong, validation: false });
      await expect(saving).rejects.toMatchObject({ code: 400 });
    }
    const header = await send("/upload/storage/v1/b/acme-models/o?uploadType=media&name=wrong", {
      method: "POST",
      headers: { "x-goog-hash": "md5=1B2M2Y8AsgTpgAmY7PhCfg==" },
      body: "content",
    });
    expect(header.status).toBe(400);
    expect(await bucket.file("wrong").exists()).toEqual([false]);
  });

  it("keep to ifGenerationMatch, 0 included", async () => {
    const file = bucket.file("lock");
    const create = (generation: number) =>
      file.save("x", { resumable: false, preconditionOpts: { ifGenerationMatch: generation } });
    await create(0);
    await expect(create(0)).rejects.toMatchObject({ code: 412 });
    const first = Number((await file.getMetadata())[0].generation);
    await create(first);
    expect(Number((await file.getMetadata())[0].generation)).toBeGreaterThan(first);
    const refused = await send("/upload/storage/v1/b/acme-models/o?uploadType=media&name=lock&ifGenerationMatch=0", {
      method: "POST",
      body: "x",
    });
    expect(await refused.json()).toMatchObject({ error: { code: 412, errors: [{ reason: "conditionNotMet" }] } });
  });

  it("let only one of two writers with ifGenerationMatch=0 through", async () => {
    const write = () =>
      send("/upload/storage/v1/b/acme-models/o?uploadType=media&name=race&ifGenerationMatch=0", {
        method: "POST",
        body: "x",
      });
    const statuses = (await Promise.all(Array.from({ length: 8 }, write))).map((response) => response.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(7);
  });

  it("that are multipart and broken are refused", async () => {
    const post = (body: string) =>
      send("/upload/storage/v1/b/acme-models/o?uploadType=multipart", {
        method: "POST",
        headers: { "content-type": "multipart/related; boundary=b" },
        body,
      });
    const part = '--b\r\nContent-Type: application/json\r\n\r\n{"name":"cut"}\r\n--b\r\n\r\nconte';
    expect((await post(part)).status).toBe(400);
    expect((await post('--b\r\n\r\n{"name":"cut"}\r\n--b--')).status).toBe(400);
    expect(await bucket.file("cut").exists()).toEqual([false]);
    expect((await post(`${part}nt\r\n--b--\r\n`)).status).toBe(200);
    expect((await bucket.file("cut").download())[0].toString()).toBe("content");
  });
});

describe("a resumable upload", () => {
  const chunk = Buffer.alloc(256 * 1024, 7);

  async function begin(name: string): Promise<string> {
    const response = await send(`/upload/storage/v1/b/acme-models/o?uploadType=resumable&name=${name}`, {
      method: "POST",
    });
    return response.headers.get("location")!;
  }

  const put = (location: string, range: string, body?: Buffer) =>
    fetch(location, {
      method: "PUT",
      headers: { "content-range": range },
      ...(body ? { body: new Uint8Array(body) } : {}),
    });

  it("says how much has come, and goes on from there", async () => {
    const location = await begin("resumed");
    expect((await put(location, "bytes */*")).headers.get("range")).toBeNull();
    const first = await put(location, "bytes 0-262143/*", chunk);
    expect(first.status).toBe(308);
    const asked = await put(location, `bytes */${chunk.length * 2}`);
    expect([asked.status, asked.headers.get("range")]).toEqual([308, "bytes=0-262143"]);
    const last = await put(location, "bytes 262144-524287/524288", chunk);
    expect([last.status, ((await last.json()) as { size: string }).size]).toEqual([200, "524288"]);
    expect((await put(location, "bytes */524288")).status).toBe(200);
  });

  it("refuses chunks of the wrong size or at the wrong place", async () => {
    const location = await begin("misplaced");
    expect((await put(location, "bytes 0-99/*", Buffer.alloc(100))).status).toBe(400);
    expect((await put(location, "bytes 262144-524287/*", chunk)).status).toBe(503);
  });

  it("can be given up", async () => {
    const location = await begin("given-up");
    expect((await fetch(location, { method: "DELETE" })).status).toBe(499);
    expect((await put(location, "bytes 0-262143/*", chunk)).status).toBe(404);
  });

  it("survives a restart of the emulator", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "emulator-restart-"));
    try {
      const before = await startEmulator({ dataDir });
      await before.createBucket("kept", { location: "US" });
      const begun = await fetch(`${before.url}/upload/storage/v1/b/kept/o?uploadType=resumable&name=x`, {
        method: "POST",
      });
      const { search, pathname } = new URL(begun.headers.get("location")!);
      await put(`${before.url}${pathname}${search}`, "bytes 0-262143/*", chunk);
      await before.stop();
      const after = await startEmulator({ dataDir });
      const end = await put(`${after.url}${pathname}${search}`, "bytes 262144-262146/262147", Buffer.from("end"));
      expect(((await end.json()) as { size: string }).size).toBe("262147");
      await after.stop();
      const third = await startEmulator({ dataDir });
      const kept = new Storage({ apiEndpoint: third.url, projectId: "emulator" }).bucket("kept").file("x");
      expect((await kept.download({ validation: "crc32c" }))[0].subarray(-3).toString()).toBe("end");
      await third.stop();
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});

describe("objects", () => {
  it("are downloaded in ranges", async () => {
    await bucket.file("range").save("0123456789", { resumable: false });
    const get = async (range: string) => {
      const response = await send("/storage/v1/b/acme-models/o/range?alt=media", { headers: { range } });
      return [response.status, response.headers.get("content-range"), response.ok ? await response.text() : ""];
    };
    expect(await get("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await get("bytes=7-")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await get("bytes=-2")).toEqual([206, "bytes 8-9/10", "89"]);
    expect(await get("bytes=10-")).toEqual([416, null, ""]);
  });

  it("are listed by prefix, delimiter and page", async () => {
    const names = ["list/a", "list/b/1", "list/b/2", "list/c", "listing"];
    for (const name of names) await bucket.file(name).save("x", { resumable: false });
    const [all] = await bucket.getFiles({ prefix: "list/" });
    expect(all.map((file) => file.name)).toEqual(["list/a", "list/b/1", "list/b/2", "list/c"]);
    const [top, next, answer] = await bucket.getFiles({
      prefix: "list/",
      delimiter: "/",
      autoPaginate: false,
      maxResults: 2,
    });
    expect(top.map((file) => file.name)).toEqual(["list/a"]);
    expect(answer).toMatchObject({ prefixes: ["list/b/"] });
    const [rest] = await bucket.getFiles(next as object);
    expect(rest.map((file) => file.name)).toEqual(["list/c"]);
  });

  it("are copied with their settings, to another bucket too", async () => {
    const [other] = await storage.createBucket("acme-copies");
    await bucket
      .file("from")
      .save("content", { resumable: false, metadata: { contentType: "text/x", metadata: { a: "b" } } });
    const [copy] = await bucket.file("from").copy(other.file("to/there"));
    expect((await copy.download())[0].toString()).toBe("content");
    expect((await copy.getMetadata())[0]).toMatchObject({ contentType: "text/x", metadata: { a: "b" } });
  });

  it("are composed of others", async () => {
    await bucket.file("part1").save("con", { resumable: false });
    await bucket.file("part2").save("tent", { resumable: false });
    await bucket.combine(["part1", "part2"], "whole");
    expect((await bucket.file("whole").download())[0].toString()).toBe("content");
    expect((await bucket.file("whole").getMetadata())[0]).toMatchObject({ componentCount: 2 });
  });

  it("change their metadata, key by key", async () => {
    const file = bucket.file("patched");
    await file.save("x", { resumable: false, metadata: { metadata: { a: "1", b: "2" } } });
    await file.setMetadata({ contentType: "x/z", metadata: { a: null } });
    expect((await file.getMetadata())[0]).toMatchObject({
      contentType: "x/z",
      metadata: { b: "2" },
      metageneration: "2",
    });
    await expect(file.setMetadata({ contentType: "q/q" }, { ifMetagenerationMatch: 1 })).rejects.toMatchObject({
      code: 412,
    });
  });

  it("are deleted only as their generation is expected", async () => {
    const file = bucket.file("deleted");
    await file.save("x", { resumable: false });
    await expect(file.delete({ ifGenerationMatch: 1 })).rejects.toMatchObject({ code: 412 });
    await file.delete();
    await expect(file.delete()).rejects.toMatchObject({
      code: 404,
      message: expect.stringContaining("No such object: acme-models/deleted"),
    });
  });

  it("below a prefix are deleted page by page, each as it was listed, but for one that was written meanwhile", async () => {
    for (const name of ["gone/a", "gone/b", "gone/c", "gone.txt"]) {
      await bucket.file(name).save("x", { resumable: false });
    }
    const page = async (pageToken?: string) => {
      const [files, next] = await bucket.getFiles({ prefix: "gone/", maxResults: 2, autoPaginate: false, pageToken });
      return { files, next: next as { pageToken?: string } | null };
    };
    const first = await page();
    const second = await page(first.next!.pageToken);
    await bucket.file("gone/b").save("y", { resumable: false });
    const deleted = await Promise.allSettled(
      [...first.files, ...second.files].map((file) =>
        file.delete({ ifGenerationMatch: Number(file.metadata.generation) }),
      ),
    );
    expect(deleted.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await page()).files.map(({ name }) => name)).toEqual(["gone/b"]);
    await bucket.file("gone/b").delete();
    expect(await page()).toEqual({ files: [], next: null });
    expect((await bucket.file("gone.txt").exists())[0]).toBe(true);
  });

  it("that are compressed come out plain for who does not take gzip", async () => {
    await bucket.file("zipped").save("plain text ".repeat(100), { resumable: false, gzip: true });
    const response = await send("/storage/v1/b/acme-models/o/zipped?alt=media", {
      headers: { "accept-encoding": "identity" },
    });
    expect(await response.text()).toBe("plain text ".repeat(100));
  });

  it("never touch a path of the user's", async () => {
    const name = "../../../../etc/passwd";
    await bucket.file(name).save("mine", { resumable: false });
    expect((await bucket.file(name).download())[0].toString()).toBe("mine");
  });
});
