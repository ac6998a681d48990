import { randomBytes } from "node:crypto";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { UploadFile } from "../../src/core/services.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { FakeStorage, recordingContext, type SeenRequest } from "./storage-fake.js";

const megabyte = 2 ** 20;
const name = "models/iris/weights";

let fake: FakeStorage;
beforeEach(async () => {
  fake = await FakeStorage.start();
});
afterEach(() => fake.stop());

/** A file whose checksum nobody knows before it was read. */
const fileOf = (content: Buffer, known: Partial<UploadFile> = {}): UploadFile => ({
  path: "weights",
  size: content.length,
  crc32c: null,
  open: async () =>
    (async function* () {
      yield content;
    })(),
  ...known,
});

const upload = (files: UploadFile[], context = recordingContext(), options = {}) =>
  new GcsUploader(fake.connection(), options).upload({ bucket: "b", prefix: "models/iris", files }, context);

const begins = ({ query, method }: SeenRequest) => method === "POST" && query.get("uploadType") === "resumable";

describe("an object that another writer made while the upload began", () => {
  const meanwhile = (content: Buffer) => {
    fake.fault = (request) => {
      if (begins(request) && fake.objects.size === 0) fake.put(name, content);
      return undefined;
    };
  };

  it.each([
    ["a file of known size", {}],
    ["a file of unknown size", { size: null }],
  ])("is not taken for %s that has as many bytes", async (_, known) => {
    const theirs = randomBytes(9 * megabyte);
    meanwhile(theirs);
    await expect(upload([fileOf(randomBytes(9 * megabyte), known)])).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
    });
    expect(fake.objects.get(name)?.content.equals(theirs)).toBe(true);
  });

  it("is taken for the file when it has its bytes", async () => {
    const content = randomBytes(9 * megabyte);
    meanwhile(content);
    const [object] = await upload([fileOf(content)]);
    expect(object?.generation).toBe(fake.objects.get(name)?.generation);
  });
});

describe("looking whether the object is there after all", () => {
  const looks = ({ method, path }: SeenRequest) => method === "GET" && path.endsWith("weights");

  it("ends when the server stays silent", async () => {
    fake.fault = (request) => (request.method === "POST" || looks(request) ? "hang" : undefined);
    await expect(upload([fileOf(Buffer.from("x"))], undefined, { silenceMs: 50 })).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
    });
    expect(fake.requests.filter(looks)).toHaveLength(1);
  });

  it("ends when the upload is cancelled", async () => {
    const controller = new AbortController();
    fake.fault = (request) => {
      if (looks(request)) return "hang";
      return request.method === "POST" ? { status: 412, message: "there is one" } : undefined;
    };
    const uploading = upload([fileOf(Buffer.from("x"))], recordingContext(controller.signal));
    await expect.poll(() => fake.requests.some(looks)).toBe(true);
    controller.abort();
    await expect(uploading).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("is tried again", async () => {
    let tries = 0;
    let lost = false;
    fake.fault = (request) => {
      if (request.method === "POST" && !lost && (lost = true)) return "lose answer";
      return looks(request) && ++tries === 1 ? { status: 503, message: "busy" } : undefined;
    };
    const [object] = await upload([fileOf(Buffer.from("x"))]);
    expect(object?.generation).toBe(fake.objects.get(name)?.generation);
  });
});

describe("an object of damaged bytes, which a server took", () => {
  it("is removed though another file's failure stops the upload", async () => {
    fake.takesDamaged = true;
    let begun = () => {};
    const removal = new Promise<void>((resolve) => (begun = resolve));
    let removals = 0;
    fake.fault = ({ method, body }) => {
      if (method === "DELETE" && ++removals === 1) {
        begun();
        return { status: 503, message: "busy" };
      }
      if (body.length > 500) body[400]! ^= 1;
      return undefined;
    };
    const other = fileOf(Buffer.from("x"), {
      path: "other",
      open: async () => {
        await removal;
        throw new Error("gone");
      },
    });
    await expect(upload([fileOf(randomBytes(1000)), other])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(fake.objects.size).toBe(0);
  });
});
