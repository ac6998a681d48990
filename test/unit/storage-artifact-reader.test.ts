import { text } from "node:stream/consumers";

import type { Storage } from "@google-cloud/storage";
import { crc32c } from "@node-rs/crc32";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { encodeCrc32c } from "../../src/core/hash.js";
import { GcsArtifactReader } from "../../src/storage/gcs-artifact-reader.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";

let fake: FakeStorage;
let reader: GcsArtifactReader;
const context = recordingContext();
beforeEach(async () => {
  fake = await FakeStorage.start();
  reader = new GcsArtifactReader(fake.connection());
});
afterEach(() => fake.stop());

describe("listing a gs:// URI", () => {
  it("gives paths below it over all pages, each with its checksum and object, without placeholders of folders or neighbours", async () => {
    fake.pageSize = 2;
    const contents = { MLmodel: "flavors", "a b": "", "data/model.pkl": "12345" };
    fake.put("m/data/", "");
    fake.put("m2/other", "x");
    const expected = Object.entries(contents).map(([path, content]) => {
      const { name, generation } = fake.put(`m/${path}`, content);
      const object = { bucket: "b", name, generation };
      return { path, size: content.length, crc32c: encodeCrc32c(crc32c(content)), object };
    });
    expect(await reader.list("gs://b/m", context)).toEqual(expected);
    expect(await reader.list("gs://b/m/", context)).toEqual(expected);
  });

  it("takes a whole bucket", async () => {
    fake.put("MLmodel", "x");
    expect(await reader.list("gs://b", context)).toMatchObject([{ path: "MLmodel", size: 1 }]);
  });

  it.each(["../x", "a//b", "/etc/passwd", "a/./b", "a\\b", "a\nb"])(
    "refuses the name %j, which is no path",
    async (name) => {
      fake.put(`m/${name}`, "x");
      await expect(reader.list("gs://b/m", context)).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    },
  );

  it.each(["s3://b/m", "gs://", "gs://B/m", "gs://../other", "gs:///m"])("needs a bucket: %s", async (uri) => {
    await expect(reader.list(uri, context)).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });

  it("refuses an object that is not given out as it is stored", async () => {
    fake.put("m/f", "content", { contentEncoding: "gzip" });
    await expect(reader.list("gs://b/m", context)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining('is stored compressed (Content-Encoding: gzip), "m/f"'),
    });
  });

  it("ends with a listing that has no end", async () => {
    const page = Array.from({ length: 1000 }, (_, index) => ({ metadata: { name: `m/${index}`, size: 1 } }));
    let pages = 0;
    const bucket = { name: "b", getFiles: async () => [page, { pageToken: String(++pages) }] };
    const storage = { bucket: () => bucket } as unknown as Storage;
    const endless = new GcsArtifactReader({ client: async () => storage, caller: async () => null });
    await expect(endless.list("gs://b", context)).rejects.toThrow("gs://b has more than 100000 files");
    expect(pages).toBe(101);
  });

  it("names caller and role when it is forbidden", async () => {
    fake.fault = () => ({ status: 403, message: "no storage.objects.list" });
    await expect(reader.list("gs://b/m", context)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(/Grant ci@acme\.iam the role roles\/storage\.objectViewer/),
    });
  });
});

describe("opening a file", () => {
  it("gives its bytes", async () => {
    fake.put("m/a b#.txt", "content");
    expect(await text(await reader.open("gs://b/m", "a b#.txt", context))).toBe("content");
  });

  it("fails when the bytes are not those of the checksum", async () => {
    fake.put("m/f", "content", { crc32c: "AAAAAA==" });
    await expect(reader.open("gs://b/m", "f", context).then(text)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining("gs://b/m/f"),
    });
  });

  it("says which object is missing, in Google's words", async () => {
    await expect(reader.open("gs://b/m", "f", context).then(text)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining("No such object: b/m/f"),
    });
  });

  it("stops when it is cancelled", async () => {
    const controller = new AbortController();
    fake.fault = () => {
      controller.abort();
      return "hang";
    };
    const reading = reader.open("gs://b/m", "f", recordingContext(controller.signal)).then(text);
    await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
