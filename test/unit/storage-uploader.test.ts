import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

import { crc32c } from "@node-rs/crc32";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DeploymentError } from "../../src/core/errors.js";
import { encodeCrc32c } from "../../src/core/hash.js";
import { localBytes } from "../../src/core/model-files.js";
import type { UploadFile } from "../../src/core/services.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";
import { crc32cOf } from "../support/file-checksum.js";

const megabyte = 2 ** 20;

let fake: FakeStorage;
let directory: string;

beforeEach(async () => {
  fake = await FakeStorage.start();
  directory = await mkdtemp(join(tmpdir(), "uploader-"));
});
afterEach(async () => {
  await fake.stop();
  await rm(directory, { recursive: true });
});

async function makeFile(path: string, content: string | Buffer): Promise<UploadFile & { localPath: string }> {
  const localPath = join(directory, path.replaceAll("/", "_"));
  await writeFile(localPath, content);
  const open: UploadFile["open"] = async (context) => localBytes(localPath, context);
  return { path, localPath, size: Buffer.byteLength(content), crc32c: await crc32cOf(localPath), open };
}

/** A file whose bytes are not read, or are those that `parts` gives. */
function streamed(path: string, size: number, parts: () => Iterable<Uint8Array> = () => []): UploadFile {
  return { path, size, crc32c: null, open: async () => Readable.from(parts()) };
}

const upload = (files: UploadFile[], context = recordingContext(), prefix = "models/iris") =>
  new GcsUploader(fake.connection()).upload({ bucket: "b", prefix, files }, context);

/** Bytes that are nowhere the same, so that a chunk in the wrong place is seen. */
const largeContent = () => randomBytes(20 * megabyte);

describe("uploading small files", () => {
  it("makes an object of each, only if there is none, with its checksum", async () => {
    const files = [await makeFile("MLmodel", "flavors: {}"), await makeFile("data/a b#1.bin", Buffer.alloc(0))];
    const objects = await upload(files);

    expect(objects.map(({ name, sent }) => [name, sent])).toEqual([
      ["models/iris/MLmodel", true],
      ["models/iris/data/a b#1.bin", true],
    ]);
    expect(fake.objects.get("models/iris/MLmodel")?.content.toString()).toBe("flavors: {}");
    expect(fake.objects.get("models/iris/data/a b#1.bin")?.content.length).toBe(0);
    expect(objects[0]?.generation).toBe(fake.objects.get("models/iris/MLmodel")?.generation);
    expect(fake.writes.map(({ query }) => query.get("ifGenerationMatch"))).toEqual(["0", "0"]);
  });

  it("sends nothing that is there with the same bytes, and replaces the generation of what is not", async () => {
    const same = await makeFile("same", "1");
    const changed = await makeFile("changed", "new");
    const kept = fake.put("models/iris/same", "1");
    const old = fake.put("models/iris/changed", "old");
    const objects = await upload([same, changed]);

    expect(objects).toMatchObject([{ sent: false, generation: kept.generation }, { sent: true }]);
    expect(fake.writes.map(({ query }) => [query.get("name"), query.get("ifGenerationMatch")])).toEqual([
      ["models/iris/changed", old.generation],
    ]);
  });

  it("finds what is there on any page of the listing", async () => {
    fake.pageSize = 2;
    const files = await Promise.all(["1", "2", "3", "4", "5"].map((name) => makeFile(name, name)));
    for (const { path } of files) fake.put(`models/iris/${path}`, path);
    expect((await upload(files)).every(({ sent }) => !sent)).toBe(true);
    expect(fake.requests.map(({ method }) => method)).toEqual(["GET", "GET", "GET"]);
  });

  it("counts bytes and files up to the total, those in place too", async () => {
    fake.put("models/iris/there", "12345");
    const context = recordingContext();
    await upload([await makeFile("there", "12345"), await makeFile("new", "123")], context);
    expect(context.events).toHaveLength(2);
    expect(context.events.at(-1)).toEqual({
      type: "transfer",
      step: "upload",
      bytes: 8,
      totalBytes: 8,
      files: 2,
      totalFiles: 2,
    });
  });

  it("asks for nothing when there are no files", async () => {
    expect(await upload([])).toEqual([]);
    expect(fake.requests).toEqual([]);
  });

  it("has no more than 24 on their way at once", async () => {
    const files = await Promise.all(Array.from({ length: 40 }, (_, i) => makeFile(`f${i}`, "x")));
    fake.fault = ({ method }) => (method === "POST" ? "hang" : undefined);
    const controller = new AbortController();
    const uploading = upload(files, recordingContext(controller.signal));
    await expect.poll(() => fake.writes.length).toBe(24);
    controller.abort();
    await expect(uploading).rejects.toMatchObject({ code: "CANCELLED" });
    expect(fake.writes).toHaveLength(24);
  });

  it("repeats a request after a server's error", async () => {
    let failures = 2;
    fake.fault = ({ method }) =>
      method === "POST" && failures-- > 0 ? { status: 503, message: "backend" } : undefined;
    expect(await upload([await makeFile("f", "x")])).toMatchObject([{ sent: true }]);
    expect(fake.objects.get("models/iris/f")?.content.toString()).toBe("x");
  });

  it("takes a write whose answer was lost for done, though its repetition is refused", async () => {
    let lost = false;
    fake.fault = ({ method }) => {
      if (method !== "POST" || lost) return undefined;
      lost = true;
      return "lose answer";
    };
    const [object] = await upload([await makeFile("f", "x")]);
    expect(object?.generation).toBe(fake.objects.get("models/iris/f")?.generation);
  });

  it("is a conflict when someone else writes other bytes first", async () => {
    fake.fault = ({ method }) => {
      if (method === "POST") fake.put("models/iris/f", "theirs");
      return undefined;
    };
    await expect(upload([await makeFile("f", "mine")])).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
      retryable: false,
    });
    expect(fake.objects.get("models/iris/f")?.content.toString()).toBe("theirs");
  });

  it("names caller, role and object when it is forbidden", async () => {
    fake.fault = ({ method }) =>
      method === "POST" ? { status: 403, message: "no storage.objects.create" } : undefined;
    await expect(upload([await makeFile("f", "x")])).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(
        /gs:\/\/b\/models\/iris\/f failed: no storage\.objects\.create\. Grant ci@acme\.iam/,
      ),
    });
  });

  it("says that the bucket is missing", async () => {
    fake.bucket = null;
    await expect(upload([await makeFile("f", "x")])).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining('Create the bucket "b"'),
    });
  });
});

describe("an upload is refused", () => {
  it("over Vertex AI's 10 GB, before any request, with the size and the limit", async () => {
    const half: UploadFile = streamed("a", 6 * 2 ** 30);
    await expect(upload([half, { ...half, path: "b" }])).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      retryable: false,
      message: expect.stringMatching(/12\.0 GB \(12884901888 bytes\).* at most 10 GB/),
    });
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ["has control characters", "line\nbreak"],
    ["is too long", "x".repeat(1020)],
  ])("for an object name that %s", async (_, path) => {
    const file: UploadFile = streamed(path, 1);
    await expect(upload([file])).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ["has other bytes", "12346"],
    ["has grown", "123456"],
  ])("for a file that %s than when it was hashed", async (_, content) => {
    const file = await makeFile("f", "12345");
    await writeFile(file.localPath, content);
    await expect(upload([file])).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('"f" changed while it was deployed'),
    });
    expect(fake.objects.size).toBe(0);
  });

  it("for a file that is gone", async () => {
    const file = await makeFile("f", "x");
    await rm(file.localPath);
    await expect(upload([file])).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("ENOENT"),
    });
  });
});

describe("uploading large files", () => {
  it("goes in one request as it comes, and its end in another that has the checksum of all, and tells how far it is", async () => {
    const content = largeContent();
    const context = recordingContext();
    await upload([await makeFile("weights", content)], context);

    expect(fake.objects.get("models/iris/weights")?.content.equals(content)).toBe(true);
    const [start, ...chunks] = fake.writes;
    expect(start?.query.get("uploadType")).toBe("resumable");
    expect(start?.query.get("ifGenerationMatch")).toBe("0");
    expect(chunks.map(({ body }) => body.length / megabyte)).toEqual([19.75, 0.25]);
    expect(chunks.map(({ headers }) => headers["x-goog-hash"])).toEqual([
      undefined,
      `crc32c=${encodeCrc32c(crc32c(content))}`,
    ]);
    const bytes = context.events.map((event) => (event.type === "transfer" ? event.bytes : Number.NaN));
    expect(bytes.length).toBeGreaterThan(10);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(bytes.at(-1)).toBe(content.length);
  });

  it.each(["reset", "lose answer", { status: 503, message: "backend" }] as const)(
    "goes on where it was after a chunk met: %j",
    async (fault) => {
      const content = largeContent();
      let chunks = 0;
      fake.fault = ({ method, body }) => (method === "PUT" && body.length > 0 && ++chunks === 1 ? fault : undefined);
      await upload([await makeFile("weights", content)]);
      expect(fake.objects.get("models/iris/weights")?.content.equals(content)).toBe(true);
      expect(fake.writes.filter(({ method }) => method === "POST")).toHaveLength(1);
    },
  );

  it("takes an upload whose last answer was lost for done", async () => {
    const content = largeContent();
    let chunks = 0;
    fake.fault = ({ method, body }) =>
      method === "PUT" && body.length > 0 && ++chunks === 2 ? "lose answer" : undefined;
    const [object] = await upload([await makeFile("weights", content)]);
    expect(object).toEqual({
      name: "models/iris/weights",
      generation: fake.objects.get("models/iris/weights")?.generation,
      sent: true,
    });
  });

  it("never finishes an upload of a file that changed, though its last chunk is full", async () => {
    const content = Buffer.alloc(16 * megabyte, "a");
    const file = await makeFile("weights", content);
    content[5] = 0;
    await writeFile(file.localPath, content);
    await expect(upload([file])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(fake.objects.size).toBe(0);
  });

  it("stops within a file when it is cancelled", async () => {
    const controller = new AbortController();
    fake.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      controller.abort();
      return "hang";
    };
    await expect(
      upload([await makeFile("weights", largeContent())], recordingContext(controller.signal)),
    ).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(fake.objects.size).toBe(0);
  });

  it("is stopped by the failure of another file, which is what the caller is told", async () => {
    fake.fault = ({ method, query }) => {
      if (method === "PUT") return "hang";
      return query.get("name")?.endsWith("small") ? { status: 403, message: "forbidden" } : undefined;
    };
    const files = [await makeFile("weights", largeContent()), await makeFile("small", "x")];
    await expect(upload(files)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  it("is a conflict when someone else has written the object meanwhile", async () => {
    fake.fault = ({ method }) => {
      if (method === "PUT") fake.put("models/iris/weights", "theirs");
      return undefined;
    };
    await expect(upload([await makeFile("weights", largeContent())])).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
    });
  });
});

describe("uploading what comes straight from another store", () => {
  /** So that a file goes in several parts. */
  const inParts = function* (content: Buffer) {
    for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000);
  };

  it.each([
    ["small", 300_001],
    ["large", 20 * megabyte],
  ])("sends a %s file with its bytes, and once only", async (_, size) => {
    const content = randomBytes(size);
    let opened = 0;
    const file = streamed("weights", size, () => (opened++, inParts(content)));
    const [first] = await upload([file]);
    expect(first?.sent).toBe(true);
    expect(fake.objects.get("models/iris/weights")?.content.equals(content)).toBe(true);
    expect(await upload([file])).toEqual([{ ...first, sent: false }]);
    expect(opened).toBe(1);
  });

  it("finishes no object of a file that ends too early", async () => {
    const content = randomBytes(20 * megabyte);
    const file = streamed("weights", content.length + 1, () => inParts(content));
    await expect(upload([file])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(fake.objects.size).toBe(0);
  });

  it("asks for the bytes again when their store fails on the way", async () => {
    const content = randomBytes(20 * megabyte);
    let opened = 0;
    const file = streamed("weights", content.length, function* () {
      const isFirst = ++opened === 1;
      for (const part of inParts(content)) {
        yield part;
        if (isFirst) throw new DeploymentError("TEMPORARILY_UNAVAILABLE", "the store is gone");
      }
    });
    await upload([file]);
    expect(opened).toBe(2);
    expect(fake.objects.get("models/iris/weights")?.content.equals(content)).toBe(true);
  });

  it("keeps no object with other bytes than were sent, which would count as the file the next time", async () => {
    const content = randomBytes(20 * megabyte);
    fake.fault = ({ method, body }) => {
      if (method === "PUT" && body.length > 0) body[0]! ^= 1;
      return undefined;
    };
    const file = streamed("weights", content.length, () => inParts(content));
    await expect(upload([file])).rejects.toMatchObject({ message: expect.stringContaining("damaged on its way") });
    expect(fake.objects.size).toBe(0);
  });
});
