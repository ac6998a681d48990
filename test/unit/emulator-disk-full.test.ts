import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { DiskObjectStore } from "../../src/emulator/cloud-storage/disk-store.js";
import { StateStore } from "../../src/emulator/state.js";

/** What the disk answers a write of so many bytes to the file of that descriptor. */
let disk: (fd: number, bytes: number) => void = () => {};

vi.mock("node:fs", async (original) => {
  const actual = await original<typeof fs>();
  const writeSync = (fd: number, bytes: Buffer, offset: number) => {
    disk(fd, bytes.length);
    return actual.writeSync(fd, bytes, offset);
  };
  return { ...actual, writeSync };
});

let dataDir: string;
let state: StateStore;
let store: DiskObjectStore;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "emulator-full-"));
  state = await StateStore.open(dataDir);
  store = await DiskObjectStore.open(dataDir, state);
  await store.createBucket("models", { project: "p", location: "US" });
});

afterEach(async () => {
  disk = () => {};
  store.close();
  await state.close();
  rmSync(dataDir, { recursive: true });
});

async function restart(): Promise<void> {
  store.close();
  await state.close();
  state = await StateStore.open(dataDir);
  store = await DiskObjectStore.open(dataDir, state);
}

const full = () => {
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};
const write = (name: string, content: Buffer | string) => store.write("models", name, Buffer.from(content));
const read = async (name: string) => buffer(await store.open("models", name));
const files = () => readdirSync(join(dataDir, "objects", "models")).sort();
const journal = () => join(dataDir, "objects", "models", "journal");

describe("a disk that is full", () => {
  it("leaves what was there, and no file of what did not become an object", async () => {
    const former = randomBytes(100_000);
    const { generation } = await write("large", former);
    disk = full;
    await expect(write("large", randomBytes(100_000))).rejects.toThrow("ENOSPC");
    await expect(write("small", "x")).rejects.toThrow("ENOSPC");
    await expect(store.delete("models", "large")).rejects.toThrow("ENOSPC");
    expect(files()).toEqual([generation, "journal"].sort());
    expect(readdirSync(join(dataDir, "objects", ".staging"))).toEqual([]);
    disk = () => {};
    expect((await read("large")).equals(former)).toBe(true);
    await write("small", "y");
    await restart();
    expect((await read("small")).toString()).toBe("y");
    expect((await read("large")).equals(former)).toBe(true);
  });

  it("is told to who makes a bucket, which is on disk once there is room", async () => {
    mkdirSync(join(dataDir, "state", "buckets.json.tmp"));
    await expect(store.createBucket("another", { project: "p", location: "US" })).rejects.toThrow("EISDIR");
    rmdirSync(join(dataDir, "state", "buckets.json.tmp"));
    await restart();
    expect(store.buckets.map(({ name }) => name)).toEqual(["models", "another"]);
  });

  it("fails no write that has room when there is none to leave out what is past", async () => {
    const large = randomBytes(100_000);
    const kept = randomBytes(60_000);
    await write("kept", kept);
    for (let index = 0; index < 500; index++) await write("replaced", randomBytes(60_000));
    const own = statSync(journal()).ino;
    disk = (fd) => {
      if (fs.fstatSync(fd).ino !== own) full();
    };
    for (let index = 0; index < 100; index++) await write("replaced", `${index}`.padEnd(60_000));
    await write("large", randomBytes(100_000));
    const { generation } = await write("large", large);
    expect(statSync(journal()).size).toBeGreaterThan(34_000_000);
    expect(files()).toEqual([generation, "journal"].sort());
    expect((await read("kept")).equals(kept)).toBe(true);
    disk = () => {};
    for (let index = 0; index < 1200; index++) await write("replaced", `last ${index}`.padEnd(60_000));
    expect(statSync(journal()).size).toBeLessThan(40_000_000);
    await restart();
    expect((await read("replaced")).toString()).toContain("last 1199 ");
    expect((await read("large")).equals(large)).toBe(true);
  });
});

describe("a journal that is damaged", () => {
  it("is not cut where it is damaged: what comes after would be lost", async () => {
    await write("first", "one");
    const damaged = statSync(journal()).size;
    await write("second", "two");
    await write("third", randomBytes(100_000));
    store.close();
    await state.close();
    const bytes = fs.readFileSync(journal());
    bytes[damaged + 3] = 0;
    bytes.write("{", damaged + 4);
    writeFileSync(journal(), bytes);
    const before = files();
    const other = await StateStore.open(dataDir);
    await expect(DiskObjectStore.open(dataDir, other)).rejects.toThrow(/journal of the bucket models.*damaged/);
    await other.close();
    expect(fs.readFileSync(journal()).equals(bytes)).toBe(true);
    expect(files()).toEqual(before);
    rmSync(journal());
    state = await StateStore.open(dataDir);
    store = await DiskObjectStore.open(dataDir, state);
  });
});
