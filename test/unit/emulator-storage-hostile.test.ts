import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

let dataDir: string;
let emulator: Emulator;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "emulator-hostile-"));
  emulator = await startEmulator({ dataDir });
  await emulator.createBucket("models");
});

afterAll(async () => {
  await emulator.stop();
  rmSync(dataDir, { recursive: true });
});

/** A request without a client in between. */
function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${emulator.url}${path}`, init);
}

/** An upload of one request whose metadata is this text. */
function insert(metadata: string, content: Buffer): Promise<Response> {
  const body = Buffer.concat([
    Buffer.from(`--b\r\ncontent-type: application/json\r\n\r\n${metadata}\r\n--b\r\ncontent-type: x/y\r\n\r\n`),
    content,
    Buffer.from("\r\n--b--"),
  ]);
  const headers = { "content-type": "multipart/related; boundary=b" };
  return send("/upload/storage/v1/b/models/o?uploadType=multipart", { method: "POST", headers, body });
}

/** Files of content that this process has open. */
function openContents(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return /objects\/models\/\d+/.test(path) ? [path] : [];
    } catch {
      return []; // the directory's own
    }
  });
}

describe("requests to Cloud Storage that are out of the ordinary", () => {
  it("refuse a name with half a character, which would keep the bucket from being listed", async () => {
    const response = await insert(String.raw`{"name":"half \ud800"}`, Buffer.from("x"));
    expect(response.status).toBe(400);
    expect((await send("/storage/v1/b/models/o")).status).toBe(200);
  });

  it("give content whose settings have characters that are no Latin ones", async () => {
    const settings = {
      name: "übung",
      contentDisposition: 'attachment; filename="Übung — 模型.txt"',
      contentType: "x/y\r\nz: 1",
    };
    expect((await insert(JSON.stringify(settings), randomBytes(100_000))).status).toBe(200);
    const response = await send("/storage/v1/b/models/o/%C3%BCbung?alt=media");
    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBe(100_000);
    expect(response.headers.get("z")).toBeNull();
    const disposition = Buffer.from(response.headers.get("content-disposition") ?? "", "latin1").toString();
    expect(disposition).toBe(settings.contentDisposition);
  });

  it("answer a description that is too long with 413", async () => {
    const body = Buffer.alloc(64 * 1024 * 1024, " ");
    const response = await send("/storage/v1/b?project=p", { method: "POST", body });
    expect(response.status).toBe(413);
  });

  it.runIf(process.platform === "linux")("leave no file open when a client goes while gzip is undone", async () => {
    const content = gzipSync(randomBytes(20_000_000));
    expect((await insert(JSON.stringify({ name: "packed", contentEncoding: "gzip" }), content)).status).toBe(200);
    const url = `${emulator.url}/storage/v1/b/models/o/packed?alt=media`;
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(url, (response) => {
        response.once("data", () => {
          request.destroy();
          resolve();
        });
      });
      request.once("error", reject);
      request.end();
    });
    await vi.waitFor(() => expect(openContents()).toEqual([]), 5000);
  });

  it("give one version whole to who downloads while the object is overwritten and deleted", async () => {
    const versions = [Buffer.alloc(200_000, "a"), Buffer.alloc(200_000, "b")];
    const results = new Set<string>();
    for (let round = 0; round < 40; round++) {
      await insert('{"name":"raced"}', versions[round % 2]!);
      const reads = Array.from({ length: 8 }, () => send("/storage/v1/b/models/o/raced?alt=media"));
      const change =
        round % 3 === 0
          ? send("/storage/v1/b/models/o/raced", { method: "DELETE" })
          : insert('{"name":"raced"}', versions[(round + 1) % 2]!);
      for (const read of reads) {
        const response = await read;
        const bytes = Buffer.from(await response.arrayBuffer());
        results.add(
          response.status === 200 ? String(versions.some((each) => each.equals(bytes))) : String(response.status),
        );
      }
      await change;
    }
    results.delete("404");
    expect([...results]).toEqual(["true"]);
  });

  it("compose the versions that are there when it begins, whatever becomes of them meanwhile", async () => {
    const parts = Array.from({ length: 6 }, () => randomBytes(6_000_000));
    for (const [index, part] of parts.entries()) await insert(`{"name":"part/${index}"}`, part);
    const sourceObjects = parts.map((_, index) => ({ name: `part/${index}` }));
    const body = JSON.stringify({ sourceObjects });
    const composed = send("/storage/v1/b/models/o/whole/compose", { method: "POST", body });
    await vi.waitFor(() => expect(readdirSync(join(dataDir, "objects", ".staging"))).not.toEqual([]), { interval: 1 });
    await insert('{"name":"part/5"}', Buffer.from("another"));
    await send("/storage/v1/b/models/o/part%2F4", { method: "DELETE" });
    expect((await composed).status).toBe(200);
    const content = await (await send("/storage/v1/b/models/o/whole?alt=media")).arrayBuffer();
    expect(Buffer.concat(parts).equals(Buffer.from(content))).toBe(true);
  });
});
