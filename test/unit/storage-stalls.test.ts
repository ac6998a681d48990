import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { uploadFile } from "../../src/core/model-files.js";
import type { UploadFile } from "../../src/core/services.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";

const megabyte = 2 ** 20;

let fake: FakeStorage;
beforeEach(async () => {
  fake = await FakeStorage.start();
});
afterEach(() => fake.stop());

const upload = (file: UploadFile, context = recordingContext(), options = {}, connection = fake.connection()) =>
  new GcsUploader(connection, options).upload({ bucket: "b", prefix: "models/iris", files: [file] }, context);

const fileOf = (size: number, open: UploadFile["open"]): UploadFile => ({ path: "weights", size, crc32c: null, open });

const never = new Promise<never>(() => {});

describe("a file that heeds no signal", () => {
  const silent = async function* () {
    yield await never;
  };
  it.each([
    ["small, and is never opened", 5, () => never],
    ["small, and gives nothing", 5, async () => silent()],
    ["large, and is never opened", 9 * megabyte, () => never],
    ["large, and gives nothing", 9 * megabyte, async () => silent()],
  ])("does not hold up a cancellation where it is %s", async (_, size, open) => {
    const controller = new AbortController();
    let opened = false;
    const file = fileOf(size, () => ((opened = true), open()));
    const uploading = upload(file, recordingContext(controller.signal));
    await expect.poll(() => opened).toBe(true);
    controller.abort();
    await expect(uploading).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("a file that fails while a request waits for its connection", () => {
  it("fails the upload, and nothing else", async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => void unheard.push(error);
    process.on("unhandledRejection", hear);
    // takes connections, and never begins TLS
    const silent = createServer().listen(0, "127.0.0.1");
    try {
      await expect.poll(() => silent.listening).toBe(true);
      fake.sessionsAt = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const file = uploadFile({
        path: "weights",
        size: 9 * megabyte,
        sha256: null,
        crc32c: null,
        localPath: null,
        open: () => Promise.reject(new Error("gone")),
      });
      await expect(upload(file, undefined, { silenceMs: 100 })).rejects.toMatchObject({
        code: "TEMPORARILY_UNAVAILABLE",
      });
      await new Promise(setImmediate);
      expect(unheard).toEqual([]);
    } finally {
      process.off("unhandledRejection", hear);
      silent.close();
    }
  });
});
