import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

let dataDir: string;
let emulator: Emulator;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "emulator-safety-"));
  emulator = await startEmulator({ dataDir, record: join(dataDir, "record.jsonl") });
});

afterEach(async () => {
  await emulator.stop();
  await rm(dataDir, { recursive: true });
});

/** By node:http, since fetch sets these headers itself. */
function statusWith(headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { port } = emulator;
    const path = "/storage/v1/b?project=acme";
    request({ host: "127.0.0.1", port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once("error", reject)
      .end();
  });
}

describe("the emulator", () => {
  it("answers programs of this machine", async () => {
    expect(await statusWith({ host: `localhost:${emulator.port}` })).toBe(200);
  });

  it.each([
    ["under another name, which may point here", { host: "evil.example:9090" }],
    ["from a page of another site", { origin: "https://evil.example" }],
    ["that a browser says is from another site", { "sec-fetch-site": "cross-site" }],
  ])("refuses a request %s", async (_case, headers) => {
    expect(await statusWith(headers)).toBe(403);
  });

  it("refuses a data directory that another one works in, and leaves it as it is", async () => {
    await emulator.createBucket("kept");
    await expect(startEmulator({ dataDir })).rejects.toThrow(`process ${process.pid} uses the data directory`);
    expect(await readdir(dataDir)).toContain("emulator.pid");
    await emulator.stop();
    emulator = await startEmulator({ dataDir });
    expect(await (await fetch(`${emulator.url}/storage/v1/b/kept`)).json()).toMatchObject({ name: "kept" });
  });

  it.each([
    ["of a process that is gone", String(2 ** 22 + 1)],
    ["of an earlier process with the same id, as in a container that was started again", String(process.pid)],
    ["that was never written", ""],
  ])("takes over a lock %s", async (_case, pid) => {
    await emulator.stop();
    await writeFile(join(dataDir, "emulator.pid"), pid);
    emulator = await startEmulator({ dataDir });
    expect(await statusWith({})).toBe(200);
  });

  it("gives the data directory back when its port is taken", async () => {
    const other = join(dataDir, "other");
    await expect(startEmulator({ dataDir: other, port: emulator.port })).rejects.toThrow(
      `Port ${emulator.port} of this machine is taken`,
    );
    expect(await readdir(other)).not.toContain("emulator.pid");
  });

  it("removes what a killed one was working with", async () => {
    await emulator.stop();
    await mkdir(join(dataDir, "homes", "container-1"), { recursive: true });
    await mkdir(join(dataDir, "builds", "1"), { recursive: true });
    emulator = await startEmulator({ dataDir });
    const left = await readdir(dataDir);
    expect(left).not.toContain("homes");
    expect(left).not.toContain("builds");
  });

  it("keeps its data from other users", async () => {
    await emulator.createBucket("kept");
    expect(await statusWith({})).toBe(200);
    await emulator.stop();
    for (const path of ["", "record.jsonl", "state/buckets.json"]) {
      expect((await stat(join(dataDir, path))).mode & 0o077).toBe(0);
    }
  });
});
