import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { type ClientRequest, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { crc32c } from "@node-rs/crc32";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

const unit = 256 * 1024;
let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
  await emulator.createBucket("acme-models");
});
afterAll(() => emulator.stop());

async function begin(name: string, headers: Record<string, string> = {}, query = "", url = emulator.url) {
  const path = `/upload/storage/v1/b/acme-models/o?uploadType=resumable&name=${name}${query}`;
  const response = await fetch(`${url}${path}`, { method: "POST", headers });
  expect(response.status).toBe(200);
  return response.headers.get("location")!;
}

async function put(location: string, range: string | undefined, body?: Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(location, {
    method: "PUT",
    headers: { ...(range !== undefined && { "content-range": range }), ...headers },
    ...(body && { body: new Uint8Array(body) }),
  });
  return { status: response.status, range: response.headers.get("range"), text: await response.text() };
}

/** A request of which only some comes. */
async function begun(location: string, range: string, length: number, sent: Buffer): Promise<ClientRequest> {
  const request = httpRequest(location, {
    method: "PUT",
    headers: { "content-range": range, "content-length": length },
  });
  request.on("error", () => {});
  await new Promise<void>((resolve) => void request.write(sent, () => resolve()));
  return request;
}

const closed = (request: ClientRequest) => new Promise<void>((resolve) => void request.once("close", resolve));

async function breakOff(request: ClientRequest): Promise<void> {
  const whenClosed = closed(request);
  request.destroy();
  await whenClosed;
}

const state = async (location: string) => (await put(location, "bytes */*")).range;

async function contentOf(name: string, url = emulator.url): Promise<Buffer | number> {
  const response = await fetch(`${url}/storage/v1/b/acme-models/o/${name}?alt=media`);
  return response.ok ? Buffer.from(await response.arrayBuffer()) : response.status;
}

/** Vitest compares large buffers byte by byte. */
const isEqual = (found: Buffer | number, expected: Buffer) => Buffer.isBuffer(found) && found.equals(expected);

function crc32cOf(content: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c(content));
  return bytes.toString("base64");
}

describe("a request of a resumable upload that breaks off", () => {
  it("leaves whole units of 256 KiB, and the upload goes on from there", async () => {
    const content = randomBytes(3 * unit + 17);
    const location = await begin("broken");
    const total = content.length;
    await breakOff(await begun(location, `bytes 0-${total - 1}/${total}`, total, content.subarray(0, 2 * unit + 1000)));
    await vi.waitFor(async () => expect(await state(location)).toBe(`bytes=0-${2 * unit - 1}`), 5000);
    const rest = await put(location, `bytes ${2 * unit}-${total - 1}/${total}`, content.subarray(2 * unit));
    expect(rest.status).toBe(200);
    expect(JSON.parse(rest.text)).toMatchObject({ size: String(total), crc32c: crc32cOf(content) });
    expect(isEqual(await contentOf("broken"), content)).toBe(true);
  });

  it("leaves whole units in an emulator that starts again too", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "emulator-resumable-"));
    try {
      const content = randomBytes(2 * unit);
      const first = await startEmulator({ dataDir });
      await first.createBucket("acme-models");
      const location = await begin("stopped", {}, "", first.url);
      const range = `bytes 0-${2 * unit - 1}/${2 * unit}`;
      await breakOff(await begun(location, range, 2 * unit, content.subarray(0, unit + 5000)));
      await vi.waitFor(async () => expect(await state(location)).toBe(`bytes=0-${unit - 1}`), 5000);
      await first.stop();
      const second = await startEmulator({ dataDir, port: first.port });
      expect(await state(location)).toBe(`bytes=0-${unit - 1}`);
      const rest = await put(location, `bytes ${unit}-${2 * unit - 1}/${2 * unit}`, content.subarray(unit));
      expect(rest.status).toBe(200);
      expect(isEqual(await contentOf("stopped", second.url), content)).toBe(true);
      await second.stop();
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});

describe("a session of a resumable upload", () => {
  it("takes a request in place of one that seems to be at work, which it breaks off", async () => {
    const content = randomBytes(12 * unit + 3);
    const location = await begin("taken-over");
    const range = `bytes 0-${content.length - 1}/${content.length}`;
    const stalled = await begun(location, range, content.length, content.subarray(0, 9 * unit + 100));
    const broken = closed(stalled);
    // asking does not disturb it
    await vi.waitFor(async () => expect(await state(location)).toMatch(/^bytes=0-\d+$/), 5000);
    expect(stalled.destroyed).toBe(false);
    expect((await put(location, range, content)).status).toBe(200);
    await broken;
    expect(isEqual(await contentOf("taken-over"), content)).toBe(true);
  });

  it("is given up while a request is at work on it", async () => {
    const location = await begin("given-up");
    const stalled = await begun(location, `bytes 0-*/*`, 12 * unit, Buffer.alloc(9 * unit));
    const broken = closed(stalled);
    await vi.waitFor(async () => expect(await state(location)).not.toBeNull(), 5000);
    expect((await fetch(location, { method: "DELETE" })).status).toBe(499);
    await broken;
    expect((await put(location, "bytes */*")).status).toBe(404);
    expect(await contentOf("given-up")).toBe(404);
  });

  it("makes one object when requests with all of it come at once", async () => {
    const content = randomBytes(6 * unit + 5);
    const location = await begin("raced", {}, "&ifGenerationMatch=0");
    const range = `bytes 0-${content.length - 1}/${content.length}`;
    const answers = await Promise.allSettled(Array.from({ length: 6 }, () => put(location, range, content)));
    const answered = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(answered.length).toBeGreaterThan(0);
    const made = answered.filter(({ status }) => status === 200);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ text }) => (JSON.parse(text) as { generation: string }).generation)).size).toBe(1);
    expect(isEqual(await contentOf("raced"), content)).toBe(true);
  });

  it("leaves bytes that it has as they are when they are sent again", async () => {
    const content = randomBytes(2 * unit + 3);
    const location = await begin("overlapping");
    expect((await put(location, `bytes 0-${2 * unit - 1}/*`, content.subarray(0, 2 * unit))).status).toBe(308);
    const again = Buffer.concat([Buffer.alloc(unit), content.subarray(2 * unit)]);
    const last = await put(location, `bytes ${unit}-${content.length - 1}/${content.length}`, again);
    expect(last.status).toBe(200);
    expect(isEqual(await contentOf("overlapping"), content)).toBe(true);
  });

  it("refuses bytes that begin after what it has", async () => {
    const location = await begin("ahead");
    expect(await put(location, `bytes ${unit}-${2 * unit - 1}/*`, Buffer.alloc(unit))).toMatchObject({
      status: 503,
      text: expect.stringContaining(
        `the upload offset is ${unit} byte(s), which exceeds already uploaded size of 0 byte`,
      ),
    });
  });

  it.each([100, unit + 1, 3 * unit - 1])("refuses %i bytes in a request that is not the last", async (length) => {
    const location = await begin("uneven");
    const total = 10 * unit;
    for (const size of ["*", total]) {
      expect(await put(location, `bytes 0-${length - 1}/${size}`, Buffer.alloc(length))).toMatchObject({
        status: 400,
        text: expect.stringContaining(`The received request contained ${length} bytes`),
      });
    }
    expect(await state(location)).toBeNull();
  });

  it.each([
    "bytes",
    "bytes 0-",
    "0-9/10",
    "bytes 5-2/10",
    "bytes 0-10/10",
    "bytes 10-*/10",
    "bytes -1-9/10",
    "bytes 0-9/x",
  ])("refuses the Content-Range %s, and goes on", async (range) => {
    const location = await begin("nonsense");
    const length = range === "bytes 10-*/10" ? 0 : 10;
    const expected = range === "bytes 10-*/10" ? 503 : 400;
    expect((await put(location, range, Buffer.alloc(length))).status).toBe(expected);
    expect((await put(location, "bytes 0-9/10", Buffer.alloc(10))).status).toBe(200);
  });

  it("refuses a body that is not as long as its range, said before or found when it has come", async () => {
    const location = await begin("short");
    for (const length of [5, 15, unit + 10]) {
      const said = await put(location, "bytes 0-9/10", Buffer.alloc(length));
      expect(said).toMatchObject({ status: 400, text: expect.stringContaining(`There were ${length} byte(s)`) });
      const found = await fetch(location, {
        method: "PUT",
        headers: { "content-range": "bytes 0-9/10" },
        body: new Blob([Buffer.alloc(length)]).stream(),
        duplex: "half",
      });
      expect(found.status).toBe(400);
      await found.text();
      expect(await state(location)).toBeNull();
    }
  });

  it("refuses another size than the first request announced, and less than it has", async () => {
    const announced = await begin("announced", { "x-upload-content-length": "10" });
    expect((await put(announced, "bytes 0-8/9", Buffer.alloc(9))).status).toBe(400);
    expect((await put(announced, "bytes 0-9/10", Buffer.alloc(10))).status).toBe(200);
    const location = await begin("shrunk");
    expect((await put(location, `bytes 0-${2 * unit - 1}/*`, Buffer.alloc(2 * unit))).status).toBe(308);
    expect((await put(location, `bytes */${unit}`)).status).toBe(400);
    expect((await put(location, `bytes */${2 * unit}`)).status).toBe(200);
  });

  it("takes everything from an offset on, of whatever length, as the end", async () => {
    const content = randomBytes(unit + 7);
    const location = await begin("open-ended");
    expect((await put(location, `bytes 0-${unit - 1}/*`, content.subarray(0, unit))).status).toBe(308);
    expect((await put(location, `bytes ${unit}-*/*`, content.subarray(unit))).status).toBe(200);
    expect(isEqual(await contentOf("open-ended"), content)).toBe(true);
    expect((await put(await begin("no-range"), undefined, content)).status).toBe(200);
    expect(isEqual(await contentOf("no-range"), content)).toBe(true);
  });
});

describe("X-Goog-Hash of the last request", () => {
  const content = randomBytes(unit + 100);
  const md5 = createHash("md5").update(content).digest("base64");
  const right = { crc32c: crc32cOf(content), md5 };

  /** Sends a unit, then the end with a hash. */
  async function upload(name: string, hash: string) {
    const location = await begin(name);
    await put(location, `bytes 0-${unit - 1}/*`, content.subarray(0, unit));
    const headers = { "x-goog-hash": hash };
    const range = `bytes ${unit}-${content.length - 1}/${content.length}`;
    return { location, answer: await put(location, range, content.subarray(unit), headers) };
  }

  it.each([`crc32c=${right.crc32c}`, `md5=${right.md5}`, `crc32c=${right.crc32c},md5=${right.md5}`])(
    "makes the object when it is right: %s",
    async (hash) => {
      expect((await upload("hashed", hash)).answer.status).toBe(200);
      expect(isEqual(await contentOf("hashed"), content)).toBe(true);
    },
  );

  it.each(["crc32c=AAAAAA==", "md5=1B2M2Y8AsgTpgAmY7PhCfg==", `crc32c=${right.crc32c},md5=1B2M2Y8AsgTpgAmY7PhCfg==`])(
    "leaves no object and no session when it is wrong: %s",
    async (hash) => {
      const { location, answer } = await upload("wrong", hash);
      expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("doesn't match calculated") });
      expect(await contentOf("wrong")).toBe(404);
      expect((await put(location, "bytes */*")).status).toBe(404);
    },
  );
});
