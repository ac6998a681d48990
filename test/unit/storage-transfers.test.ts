import { randomBytes } from "node:crypto";
import { once } from "node:events";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { crc32c } from "@node-rs/crc32";
import { encodeCrc32c } from "../../src/core/hash.js";
import type { UploadFile } from "../../src/core/services.js";
import type { StorageConnection } from "../../src/storage/connection.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";

const megabyte = 2 ** 20;
const unit = 256 * 1024;
const name = "models/iris/weights";

let fake: FakeStorage;
beforeEach(async () => {
  fake = await FakeStorage.start();
});
afterEach(() => fake.stop());

/** A file that comes in parts, and how often it was opened. */
function fileOf(content: Buffer, known: Partial<UploadFile> = {}): UploadFile & { opened: number } {
  const file = {
    path: "weights",
    size: content.length,
    crc32c: null,
    opened: 0,
    async open() {
      file.opened += 1;
      return inParts(content);
    },
    ...known,
  };
  return file;
}

async function* inParts(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000);
}

const upload = (files: UploadFile[], context = recordingContext(), options = {}) =>
  new GcsUploader(fake.connection(), options).upload({ bucket: "b", prefix: "models/iris", files }, context);

const isPart = ({ method, body }: { method: string; body: Buffer }) => method === "PUT" && body.length > 0;
const ranges = () => fake.writes.filter(isPart).map(({ headers }) => headers["content-range"]);

describe("a large file whose request breaks", () => {
  it("goes on after what Cloud Storage has kept, with the checksum of all of it", async () => {
    const content = randomBytes(20 * megabyte + 7);
    let parts = 0;
    fake.fault = (request) => (isPart(request) && ++parts === 1 ? { kept: 3 * unit } : undefined);
    const file = fileOf(content);
    await upload([file]);

    const end = Math.floor((content.length - 1) / unit) * unit;
    expect(ranges()).toEqual([
      `bytes 0-${end - 1}/${content.length}`,
      `bytes ${3 * unit}-${end - 1}/${content.length}`,
      `bytes ${end}-${content.length - 1}/${content.length}`,
    ]);
    expect(fake.objects.get(name)?.content.equals(content)).toBe(true);
    expect(file.opened).toBe(2);
  });

  it("begins anew where Cloud Storage has forgotten it", async () => {
    const content = randomBytes(9 * megabyte);
    let parts = 0;
    fake.fault = (request) => {
      if (isPart(request) && ++parts === 1) fake.forgetSessions();
      return undefined;
    };
    await upload([fileOf(content)]);
    expect(fake.objects.get(name)?.content.equals(content)).toBe(true);
    expect(fake.writes.filter(({ method }) => method === "POST")).toHaveLength(2);
  });

  it("is tried as often as it gets further", async () => {
    const content = randomBytes(9 * megabyte);
    fake.fault = (request) => (isPart(request) && request.body.length > 4 * unit ? { kept: 4 * unit } : undefined);
    await upload([fileOf(content)]);
    expect(fake.objects.get(name)?.content.equals(content)).toBe(true);
    expect(ranges().length).toBeGreaterThan(8);
  });

  it("is given up after as many attempts as the client of the library has", async () => {
    fake.fault = (request) => (isPart(request) ? "reset" : undefined);
    const file = fileOf(randomBytes(9 * megabyte));
    await expect(upload([file])).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
    expect(file.opened).toBe(4);
  });

  it.each(["bytes=0-99999999", "bytes=5-9", "bytes=0-x"])(
    "is not to blame for an answer that has %s",
    async (range) => {
      fake.fault = (request) => (request.method === "PUT" ? { range } : undefined);
      await expect(upload([fileOf(randomBytes(9 * megabyte))])).rejects.toMatchObject({
        code: "TEMPORARILY_UNAVAILABLE",
      });
    },
  );

  it("is not made of two readings that differ", async () => {
    const size = 9 * megabyte;
    let parts = 0;
    fake.fault = (request) => (isPart(request) && ++parts === 1 ? { kept: unit } : undefined);
    const file = { ...fileOf(randomBytes(size)), open: async () => inParts(randomBytes(size)) };
    await expect(upload([file])).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining("damaged on its way"),
    });
    expect(fake.objects.size).toBe(0);
  });

  it("stops reading when Cloud Storage refuses it half-way", async () => {
    fake.refusesEarly = 403;
    let read = 0;
    let closed = false;
    const file = fileOf(Buffer.alloc(0), {
      size: 2 ** 30,
      open: async () =>
        (async function* () {
          try {
            for (;;) yield Buffer.alloc((read++, megabyte));
          } finally {
            closed = true;
          }
        })(),
    });
    await expect(upload([file])).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect.poll(() => closed).toBe(true);
    expect(read).toBeLessThan(200);
  });
});

describe("a server that is silent", () => {
  it("is asked again after a while", async () => {
    let posts = 0;
    fake.fault = ({ method }) => (method === "POST" && ++posts === 1 ? "hang" : undefined);
    const [object] = await upload([fileOf(Buffer.from("x"))], undefined, { silenceMs: 100 });
    expect(object?.sent).toBe(true);
    expect(posts).toBe(2);
  });

  it("is told from a file that takes its time", async () => {
    const content = randomBytes(9 * megabyte);
    const file = fileOf(content, {
      open: async () =>
        (async function* () {
          yield content.subarray(0, megabyte);
          // longer than the server may be silent
          const timer = setTimeout(() => paused.abort(), 400);
          const paused = new AbortController();
          await once(paused.signal, "abort");
          clearTimeout(timer);
          yield content.subarray(megabyte);
        })(),
    });
    await upload([file], undefined, { silenceMs: 200 });
    expect(ranges()).toHaveLength(2);
  });
});

describe("a file of unknown size", () => {
  it.each([0, 5, 8 * megabyte])("of %d bytes goes in one request", async (size) => {
    const content = randomBytes(size);
    const context = recordingContext();
    await upload([fileOf(content, { size: null })], context);
    expect(fake.objects.get(name)?.content.equals(content)).toBe(true);
    expect(fake.writes.map(({ query }) => query.get("uploadType"))).toEqual(["multipart"]);
  });

  it("that is large goes in parts, after a broken one too, and its total is told as it is found", async () => {
    const content = randomBytes(20 * megabyte);
    let parts = 0;
    fake.fault = (request) => (isPart(request) && ++parts === 2 ? { kept: unit } : undefined);
    const context = recordingContext();
    await upload([fileOf(content, { size: null })], context);
    expect(fake.objects.get(name)?.content.equals(content)).toBe(true);
    expect(context.events.at(-1)).toMatchObject({ bytes: content.length, totalBytes: content.length, files: 1 });
  });
});

describe("bytes that are damaged on their way", () => {
  it.each([
    ["small", 1000],
    ["large", 9 * megabyte],
  ])("make no object of a %s file, and may be sent again later", async (_, size) => {
    fake.fault = ({ body }) => {
      if (body.length > 500) body[400]! ^= 1;
      return undefined;
    };
    await expect(upload([fileOf(randomBytes(size))])).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      retryable: true,
    });
    expect(fake.objects.size).toBe(0);
  });

  it("are removed where a server took them all the same", async () => {
    fake.takesDamaged = true;
    fake.fault = ({ body }) => {
      if (body.length > 500) body[400]! ^= 1;
      return undefined;
    };
    await expect(upload([fileOf(randomBytes(1000))])).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(fake.objects.size).toBe(0);
    expect(fake.writes.at(-1)).toMatchObject({ method: "DELETE" });
    expect(fake.writes.at(-1)?.query.get("ifGenerationMatch")).toBe("1000");
  });
});

describe("many files", () => {
  it("are not all in memory at once", async () => {
    const content = Buffer.alloc(8 * megabyte);
    const files = Array.from({ length: 12 }, (_, index) => fileOf(content, { path: `f${index}` }));
    fake.fault = ({ method }) => (method === "POST" ? "hang" : undefined);
    const controller = new AbortController();
    const uploading = upload(files, recordingContext(controller.signal));
    await expect.poll(() => fake.writes.length, { timeout: 5000 }).toBe(8);
    controller.abort();
    await expect(uploading).rejects.toMatchObject({ code: "CANCELLED" });
    expect(fake.writes).toHaveLength(8);
  });
});

describe("an object that is in Cloud Storage already", () => {
  const stored = (content: Buffer) => {
    const { generation } = fake.put("theirs/weights", content);
    const crc = encodeCrc32c(crc32c(content));
    const object = { bucket: "source", name: "theirs/weights", generation };
    return fileOf(content, { crc32c: crc, object });
  };

  it("is copied there, and not read", async () => {
    const file = stored(randomBytes(1000));
    const context = recordingContext();
    const [object] = await upload([file], context);
    expect(object).toEqual({ name, generation: fake.objects.get(name)?.generation, sent: true });
    expect(fake.writes.map(({ path, query }) => [path, query.get("ifGenerationMatch")])).toEqual([
      ["/storage/v1/b/source/o/theirs%2Fweights/rewriteTo/b/b/o/models%2Firis%2Fweights", "0"],
    ]);
    expect(file.opened).toBe(0);
    expect(context.events.at(-1)).toMatchObject({ bytes: 1000, totalBytes: 1000, files: 1 });
  });

  it("takes as many calls as it needs, each with the token of the one before", async () => {
    fake.copiedByCall = 400;
    await upload([stored(randomBytes(1000))]);
    expect(fake.writes.map(({ query }) => query.get("rewriteToken"))).toEqual([null, "400", "800"]);
  });

  it.each(["null", "5", "{}", "<html>"])("is not taken for copied when the answer is %s", async (text) => {
    fake.fault = ({ method }) => (method === "POST" ? { text } : undefined);
    await expect(upload([stored(randomBytes(1000))])).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
  });

  it("is taken for copied though the last answer was lost", async () => {
    let lost = false;
    fake.fault = ({ method }) => (method === "POST" && !lost && (lost = true) ? "lose answer" : undefined);
    const [object] = await upload([stored(randomBytes(1000))]);
    expect(object?.generation).toBe(fake.objects.get(name)?.generation);
  });

  it("is not copied when it was replaced meanwhile", async () => {
    const file = stored(randomBytes(1000));
    fake.put("theirs/weights", "other");
    await expect(upload([file])).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("gs://source/theirs/weights was deleted or replaced"),
    });
  });

  it.each([
    ["storage.objects.get", 'roles/storage.objectViewer on the bucket "source".'],
    ["storage.objects.create", 'roles/storage.objectAdmin on the bucket "b".'],
    ["something", 'objectViewer on the bucket "source" and the role roles/storage.objectAdmin on the bucket "b".'],
  ])("names the role and the bucket when %s is not allowed", async (permission, role) => {
    const message = `x does not have ${permission} access to the Google Cloud Storage object.`;
    fake.fault = ({ method }) => (method === "POST" ? { status: 403, message } : undefined);
    await expect(upload([stored(randomBytes(10))])).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringContaining(
        `Grant ci@acme.iam the role ${role.startsWith("roles") ? role : `roles/storage.${role}`}`,
      ),
    });
  });
});

describe("credentials", () => {
  it("go with what makes an object, and not to the URL of a session, which a server names", async () => {
    const connection = fake.connection();
    const authorized: StorageConnection = {
      ...connection,
      client: async () => {
        const client = await connection.client();
        const getRequestHeaders = async () => ({ Authorization: "Bearer secret" });
        const authorizeRequest = async (request: object) => request;
        const authClient = Object.assign(Object.create(client.authClient), { getRequestHeaders, authorizeRequest });
        return Object.assign(client, { useAuthWithCustomEndpoint: true, authClient });
      },
    };
    const files = [fileOf(randomBytes(9 * megabyte)), fileOf(Buffer.from("x"), { path: "small" })];
    const context = recordingContext();
    await new GcsUploader(authorized).upload({ bucket: "b", prefix: "models/iris", files }, context);
    const seen = fake.writes.map(({ method, headers }) => `${method} ${headers.authorization ?? "none"}`);
    expect(new Set(seen)).toEqual(new Set(["POST Bearer secret", "PUT none"]));
  });
});
