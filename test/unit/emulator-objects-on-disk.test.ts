import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DiskObjectStore } from "../../src/emulator/cloud-storage/disk-store.js";
import { StateStore } from "../../src/emulator/state.js";

let dataDir: string;
let state: StateStore;
let store: DiskObjectStore;

async function open(): Promise<void> {
  state = await StateStore.open(dataDir);
  store = await DiskObjectStore.open(dataDir, state);
}

async function close(): Promise<void> {
  store.close();
  await state.close();
}

/** What a killed emulator does not do is what `close` does; all else is on disk. */
async function restart(whileDown: () => void = () => {}): Promise<void> {
  await close();
  whileDown();
  await open();
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "emulator-objects-"));
  await open();
  await store.createBucket("models", { project: "p", location: "US" });
});

afterEach(async () => {
  await close();
  rmSync(dataDir, { recursive: true });
});

const write = (name: string, content: Buffer | string) => store.write("models", name, Buffer.from(content));
const read = async (name: string) => buffer(await store.open("models", name));
const files = () => readdirSync(join(dataDir, "objects", "models")).sort();
const journal = () => join(dataDir, "objects", "models", "journal");

describe("objects on disk", () => {
  it("are the same after a restart: small and large, empty, changed, replaced, deleted", async () => {
    const large = randomBytes(3_000_001);
    const small = randomBytes(65_536);
    await write("large", large);
    await write("small", small);
    await write("empty", "");
    await write("deleted", "x");
    await write("replaced", randomBytes(100_000));
    await write("replaced", "new");
    await store.delete("models", "deleted");
    const changed = store.update(store.object("models", "small"), { contentType: "x/y" });
    const before = await store.list("models", "");

    await restart();

    expect(await store.list("models", "")).toEqual(before);
    expect(store.names("models")).toEqual(["empty", "large", "replaced", "small"]);
    expect((await read("large")).equals(large)).toBe(true);
    expect((await read("small")).equals(small)).toBe(true);
    expect((await read("empty")).length).toBe(0);
    expect((await read("replaced")).toString()).toBe("new");
    expect(store.object("models", "small")).toMatchObject({ contentType: "x/y", etag: changed.etag });
  });

  it("that are small have no file of their own, and others have one", async () => {
    for (let index = 0; index < 20; index++) await write(`small/${index}`, randomBytes(1000));
    expect(files()).toEqual(["journal"]);
    const { generation } = await write("large", randomBytes(100_000));
    expect(files()).toEqual([generation, "journal"].sort());
    await store.delete("models", "large");
    expect(files()).toEqual(["journal"]);
  });

  it("keep what was whole when the emulator was killed while it wrote", async () => {
    await write("first", "one");
    const whole = statSync(journal()).size;
    await write("second", "two two two");
    const size = statSync(journal()).size;
    for (const cut of [size - 1, size - 11, size - 12, whole + 1]) {
      await restart(() => truncateSync(journal(), cut));
      expect(store.names("models")).toEqual(["first"]);
      expect(statSync(journal()).size).toBe(whole);
      await write("second", "two two two");
    }
    await restart(() => appendFileSync(journal(), '{"object":{"na'));
    expect((await read("second")).toString()).toBe("two two two");
  });

  it("leave nothing of content that never became an object", async () => {
    await restart(() => {
      writeFileSync(join(dataDir, "objects", "models", "1700000000000000"), "x");
      writeFileSync(join(dataDir, "objects", ".staging", "x"), "x");
    });
    expect(files()).toEqual(["journal"]);
    async function* broken() {
      yield randomBytes(100_000);
      throw new Error("broken off");
    }
    await expect(store.write("models", "x", Readable.from(broken()))).rejects.toThrow("broken off");
    expect(readdirSync(join(dataDir, "objects", ".staging"))).toEqual([]);
  });

  it("take up no room for long after they were replaced, however often", async () => {
    const last = randomBytes(60_000);
    await write("kept", "kept");
    for (let index = 0; index < 1200; index++) await write("replaced", index === 1199 ? last : randomBytes(60_000));
    expect(statSync(journal()).size).toBeLessThan(40_000_000);
    expect((await read("replaced")).equals(last)).toBe(true);
    await restart();
    expect((await read("replaced")).equals(last)).toBe(true);
    expect((await read("kept")).toString()).toBe("kept");
    expect(files()).toEqual(["journal"]);
  });

  it("of a bucket that was deleted are not in the next one of its name", async () => {
    await write("x", "x");
    await store.delete("models", "x");
    await write("y", "y");
    await store.delete("models", "y");
    await store.deleteBucket("models");
    await store.createBucket("models", { project: "p", location: "US" });
    expect(store.names("models")).toEqual([]);
    await restart();
    expect(store.names("models")).toEqual([]);
  });

  it("are in their bucket also when the emulator is killed as soon as it has answered", async () => {
    await store.createBucket("another", { project: "p", location: "US" });
    await store.write("another", "x", Buffer.from("x"));
    const copy = mkdtempSync(join(tmpdir(), "emulator-objects-"));
    cpSync(dataDir, copy, { recursive: true });
    const killed = await DiskObjectStore.open(copy, await StateStore.open(copy));
    expect(killed.names("another")).toEqual(["x"]);
    killed.close();
    rmSync(copy, { recursive: true });
  });

  it("that are copied share the file, and each is there without the other", async () => {
    const content = randomBytes(200_000);
    await write("from", content);
    const copy = await store.copy({ bucket: "models", object: "from" }, { bucket: "models", object: "to" });
    expect(copy).toMatchObject({ size: "200000", crc32c: store.object("models", "from").crc32c });
    const inode = (name: string) =>
      statSync(join(dataDir, "objects", "models", store.object("models", name).generation)).ino;
    expect(inode("to")).toBe(inode("from"));
    await write("from", "changed");
    await restart();
    expect((await read("to")).equals(content)).toBe(true);
    expect((await read("from")).toString()).toBe("changed");
  });
});
