import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newRecord } from "../../src/rollout/new-record.js";
import { localBytes } from "../../src/core/model-files.js";
import type { UploadFile } from "../../src/core/services.js";
import type { StepContext } from "../../src/core/progress.js";
import { startEmulator } from "../../src/emulator/index.js";
import { GcsDeploymentStore } from "../../src/storage/deployment-store.js";
import { GcsArtifactReader } from "../../src/storage/gcs-artifact-reader.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { crc32cOf } from "../support/file-checksum.js";

const context: StepContext = { report: () => {} };
let emulator: Awaited<ReturnType<typeof startEmulator>>;
let directory: string;
let connection: { client: () => Promise<Storage>; caller: () => Promise<null> };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "storage-emulator-"));
  emulator = await startEmulator();
  await emulator.createBucket("models", { location: "us-central1" });
  const storage = new Storage({ apiEndpoint: emulator.url, projectId: "p" });
  connection = { client: async () => storage, caller: async () => null };
});
afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

describe("against the emulator", () => {
  it("a bucket is checked for its region", async () => {
    const uploader = new GcsUploader(connection);
    await uploader.checkBucket("models", "us-central1", context);
    await expect(uploader.checkBucket("models", "europe-west1", context)).rejects.toThrow(/is in US-CENTRAL1/);
    await expect(uploader.checkBucket("missing-bucket", "us-central1", context)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
  });

  it("files of both kinds are uploaded, read back, and not sent twice", async () => {
    const contents = { MLmodel: Buffer.from("flavors: {}"), "data/weights ü.bin": randomBytes(17 * 2 ** 20 + 5) };
    const files = await Promise.all(
      Object.entries(contents).map(async ([path, content], index) => {
        const localPath = join(directory, String(index));
        await writeFile(localPath, content);
        const open: UploadFile["open"] = async (opening) => localBytes(localPath, opening);
        return { path, size: content.length, crc32c: await crc32cOf(localPath), open };
      }),
    );
    const uploader = new GcsUploader(connection);
    const first = await uploader.upload({ bucket: "models", prefix: "iris/1", files }, context);
    const again = await uploader.upload({ bucket: "models", prefix: "iris/1", files }, context);
    expect(first.map(({ sent }) => sent)).toEqual([true, true]);
    expect(again).toEqual(first.map((object) => ({ ...object, sent: false })));

    const reader = new GcsArtifactReader(connection);
    const listed = await reader.list("gs://models/iris/1", context);
    const objects = first.map(({ name, generation }) => ({ bucket: "models", name, generation }));
    expect(listed).toEqual(
      files.map(({ path, size, crc32c }, index) => ({ path, size, crc32c, object: objects[index] })),
    );
    for (const [path, content] of Object.entries(contents)) {
      const read = await buffer(await reader.open("gs://models/iris/1", path, context));
      expect(read.equals(content)).toBe(true);
    }
  });

  it("objects are copied by Cloud Storage itself, over nothing but what was seen there", async () => {
    const uploader = new GcsUploader(connection);
    const content = randomBytes(9 * 2 ** 20);
    const source: UploadFile = {
      path: "w",
      size: content.length,
      crc32c: null,
      open: async () => Readable.from([content]),
    };
    await uploader.upload({ bucket: "models", prefix: "source", files: [source] }, context);
    const [listed] = await new GcsArtifactReader(connection).list("gs://models/source", context);
    const unread = { ...listed!, crc32c: listed!.crc32c!, open: async () => Promise.reject(new Error("it was read")) };
    const { object } = listed!;
    const files = [{ ...unread, object: object! }];
    const [copy] = await uploader.upload({ bucket: "models", prefix: "copy", files }, context);
    expect(copy).toMatchObject({ name: "copy/w", sent: true });
    expect(await uploader.upload({ bucket: "models", prefix: "copy", files }, context)).toEqual([
      { ...copy, sent: false },
    ]);
    const read = await new GcsArtifactReader(connection).open("gs://models/copy", "w", context);
    expect((await buffer(read)).equals(content)).toBe(true);
  });

  it("a record is written, guarded by its generation, read and deleted", async () => {
    const record = newRecord("tester");
    const store = new GcsDeploymentStore(connection, { bucket: "models", prefix: "route" });
    const generation = await store.write(record, null, context);
    expect(await store.read("tester", context)).toEqual({ record, generation });
    await expect(store.write({ ...record, attempt: 1 }, null, context)).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
    });
    await store.delete("tester", generation, context);
    await store.delete("tester", generation, context);
    expect(await store.read("tester", context)).toBeNull();
  });
});
