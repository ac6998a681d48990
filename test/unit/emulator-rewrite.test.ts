import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

const mebibyte = 1024 * 1024;
const content = randomBytes(3 * mebibyte + 5);
let emulator: Emulator;
let source: Stored;
let copies = 0;
/** A name that no copy has. */
let to: string;

interface Stored {
  name: string;
  generation: string;
  metageneration: string;
  size: string;
  crc32c: string;
  md5Hash: string;
  contentType: string;
  storageClass: string;
}

interface Answer {
  status: number;
  kind?: string;
  done?: boolean;
  totalBytesRewritten?: string;
  objectSize?: string;
  rewriteToken?: string;
  resource?: Stored;
  error?: { message: string };
}

beforeAll(async () => {
  emulator = await startEmulator();
  await emulator.createBucket("acme-west", { location: "europe-west1" });
  await emulator.createBucket("acme-north", { location: "europe-north1" });
});
afterAll(() => emulator.stop());

beforeEach(async () => {
  to = `copy-${copies++}`;
  source = await write("acme-west", "source", content);
});

async function write(bucket: string, name: string, body: Buffer | string): Promise<Stored> {
  const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`;
  const headers = { "content-type": "x/y" };
  const response = await fetch(`${emulator.url}${path}`, { method: "POST", headers, body: new Blob([body]) });
  return (await response.json()) as Stored;
}

async function rewrite(query: Record<string, string> = {}, body: object = {}, bucket = "acme-north"): Promise<Answer> {
  const path = `/storage/v1/b/acme-west/o/source/rewriteTo/b/${bucket}/o/${to}`;
  const url = `${emulator.url}${path}?${new URLSearchParams(query).toString()}`;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as object) };
}

async function read(bucket: string, name: string): Promise<Buffer | number> {
  const response = await fetch(`${emulator.url}/storage/v1/b/${bucket}/o/${name}?alt=media`);
  return response.ok ? Buffer.from(await response.arrayBuffer()) : response.status;
}

const isCopied = async (bucket: string) => {
  const copied = await read(bucket, to);
  return Buffer.isBuffer(copied) && copied.equals(content);
};

const perCall = { maxBytesRewrittenPerCall: String(mebibyte) };

describe("objects.rewrite in several calls", () => {
  it("rewrites as many bytes in each as it may, and makes the copy in the last", async () => {
    const first = await rewrite(perCall);
    expect(first).toEqual({
      status: 200,
      kind: "storage#rewriteResponse",
      done: false,
      totalBytesRewritten: String(mebibyte),
      objectSize: String(content.length),
      rewriteToken: expect.any(String),
    });
    const rewriteToken = first.rewriteToken!;
    for (const [call, query] of [perCall, {}].entries()) {
      expect(await rewrite({ ...query, rewriteToken })).toEqual({
        ...first,
        totalBytesRewritten: String((call + 2) * mebibyte),
      });
      expect(await read("acme-north", to)).toBe(404);
    }
    const last = await rewrite({ rewriteToken });
    expect(last).toMatchObject({
      status: 200,
      done: true,
      totalBytesRewritten: String(content.length),
      resource: { name: to, crc32c: source.crc32c, md5Hash: source.md5Hash, contentType: "x/y", size: source.size },
    });
    expect(last.rewriteToken).toBeUndefined();
    expect(await isCopied("acme-north")).toBe(true);
  });

  it("takes one where the bytes stay where they are, and where nobody limits it", async () => {
    expect(await rewrite(perCall, {}, "acme-west")).toMatchObject({ done: true, totalBytesRewritten: source.size });
    expect(await isCopied("acme-west")).toBe(true);
    expect(await rewrite()).toMatchObject({ done: true, totalBytesRewritten: source.size });
    const limit = { maxBytesRewrittenPerCall: String(4 * mebibyte) };
    expect(await rewrite(limit)).toMatchObject({ done: true, totalBytesRewritten: source.size });
  });

  it("takes several for another storage class, with what the first call said about the copy", async () => {
    const settings = { storageClass: "NEARLINE", contentType: "z/z" };
    const { rewriteToken = "" } = await rewrite(
      { maxBytesRewrittenPerCall: String(2 * mebibyte) },
      settings,
      "acme-west",
    );
    const last = await rewrite({ rewriteToken }, {}, "acme-west");
    expect(last).toMatchObject({ done: true, resource: settings });
  });

  it.each(["0", "1", "-1048576", "1048577", "many", "1e6"])(
    "refuses %s bytes a call",
    async (maxBytesRewrittenPerCall) => {
      expect((await rewrite({ maxBytesRewrittenPerCall })).status).toBe(400);
      expect((await rewrite({ maxBytesRewrittenPerCall }, {}, "acme-west")).status).toBe(400);
    },
  );

  it("refuses a token that is none, or of another rewrite", async () => {
    expect(await rewrite({ rewriteToken: "none" })).toMatchObject({
      status: 400,
      error: { message: expect.stringContaining("Invalid rewrite token") },
    });
    const query = { ...perCall, ifGenerationMatch: "0" };
    const { rewriteToken = "" } = await rewrite(query, { contentType: "z/z" });
    const others: [Record<string, string>, object?, string?][] = [
      [{ maxBytesRewrittenPerCall: String(2 * mebibyte) }],
      [{ ifGenerationMatch: "1" }],
      [{ ifSourceGenerationMatch: source.generation }],
      [{ sourceGeneration: "1" }],
      [{}, { contentType: "y/y" }],
      [{}, {}, "acme-west"],
    ];
    for (const [other, body, bucket] of others) {
      expect((await rewrite({ ...other, rewriteToken }, body, bucket)).status).toBe(400);
    }
    const name = to;
    to = `${name}-other`;
    expect((await rewrite({ rewriteToken })).status).toBe(400);
    to = name;
    const same = { ...query, sourceGeneration: source.generation, rewriteToken };
    expect(await rewrite(same, { contentType: "z/z" })).toMatchObject({
      status: 200,
      totalBytesRewritten: String(2 * mebibyte),
    });
  });

  it("checks the conditions in the first call", async () => {
    await write("acme-north", to, "there");
    expect((await rewrite({ ...perCall, ifGenerationMatch: "0" })).status).toBe(412);
    expect((await rewrite({ ...perCall, ifSourceMetagenerationMatch: "2" })).status).toBe(412);
    expect((await rewrite({ ...perCall, sourceGeneration: "1" })).status).toBe(404);
  });

  it("checks the conditions on both objects at the end", async () => {
    const limit = { maxBytesRewrittenPerCall: String(2 * mebibyte) };
    const { rewriteToken = "" } = await rewrite({ ...limit, ifGenerationMatch: "0" });
    await write("acme-north", to, "meanwhile");
    expect((await rewrite({ rewriteToken })).status).toBe(412);
    expect((await read("acme-north", to)).toString()).toBe("meanwhile");

    const guarded = await rewrite({ ...limit, ifSourceMetagenerationMatch: "1" });
    await fetch(`${emulator.url}/storage/v1/b/acme-west/o/source`, {
      method: "PATCH",
      body: JSON.stringify({ contentType: "changed/meanwhile" }),
    });
    expect((await rewrite({ rewriteToken: guarded.rewriteToken! })).status).toBe(412);
  });

  it("copies nothing of a source that was replaced meanwhile", async () => {
    const { rewriteToken = "" } = await rewrite(perCall);
    await write("acme-west", "source", randomBytes(content.length));
    expect((await rewrite({ rewriteToken })).status).toBe(404);
    expect(await read("acme-north", to)).toBe(404);
  });

  it("says by its condition, when the last call is made again, that it had its effect", async () => {
    const limit = { maxBytesRewrittenPerCall: String(2 * mebibyte) };
    const { rewriteToken = "" } = await rewrite({ ...limit, ifGenerationMatch: "0" });
    expect(await rewrite({ rewriteToken })).toMatchObject({ done: true });
    expect((await rewrite({ rewriteToken })).status).toBe(412);
  });

  it("goes on in an emulator that starts again", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "emulator-rewrite-"));
    const outer = emulator;
    try {
      emulator = await startEmulator({ dataDir });
      await emulator.createBucket("acme-west", { location: "europe-west1" });
      await emulator.createBucket("acme-north", { location: "europe-north1" });
      await write("acme-west", "source", content);
      const { rewriteToken = "" } = await rewrite({ maxBytesRewrittenPerCall: String(2 * mebibyte) });
      await emulator.stop();
      emulator = await startEmulator({ dataDir });
      expect(await rewrite({ rewriteToken })).toMatchObject({ done: true });
      expect(await isCopied("acme-north")).toBe(true);
      await emulator.stop();
    } finally {
      emulator = outer;
      await rm(dataDir, { recursive: true });
    }
  });
});

describe("a copy", () => {
  it("of a small object has its bytes, and stays when the source goes", async () => {
    await write("acme-west", "source", "small");
    expect(await rewrite()).toMatchObject({ done: true, totalBytesRewritten: "5" });
    await write("acme-west", "source", "other");
    expect((await read("acme-north", to)).toString()).toBe("small");
  });

  it("of a composed object has an MD5, which that has not", async () => {
    const path = `${emulator.url}/storage/v1/b/acme-west/o`;
    await write("acme-west", "part", "part");
    const body = JSON.stringify({ sourceObjects: [{ name: "part" }, { name: "part" }] });
    const composed = (await (await fetch(`${path}/source/compose`, { method: "POST", body })).json()) as Stored;
    expect(composed.md5Hash).toBeUndefined();
    const { resource } = await rewrite();
    expect(resource).toMatchObject({ crc32c: composed.crc32c, md5Hash: expect.any(String) });
  });
});
