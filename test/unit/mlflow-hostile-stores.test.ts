import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Clock } from "../../src/core/clock.js";
import type { ResolvedModel } from "../../src/core/model.js";
import type { ListedArtifact } from "../../src/core/services.js";
import { MlflowModelResolver, type MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { type FakeServer, type Handler, serveArtifacts, startFakeServer } from "./mlflow-fake-server.js";

const MLmodel = "flavors: {python_function: {python_version: 3.11.7}}\nmlflow_version: 3.17.2\n";
const model = { MLmodel, "requirements.txt": "mlflow==3.17.2\n", "data/weights": "123456789" };
const route = "/mlflow-artifacts/artifacts";
const mebibyte = 1024 * 1024;

let server: FakeServer;
let directory: string;
let files: string;
const clock: Clock = { now: () => 0, sleep: async () => {} };

beforeEach(async () => {
  server = await startFakeServer();
  directory = await mkdtemp(join(tmpdir(), "mlflow-hostile-"));
  files = join(directory, "files");
  await mkdir(files);
  serveArtifacts(server, Object.fromEntries(Object.entries(model).map(([path, content]) => [`0/m/${path}`, content])));
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function resolve(modelUri: string, options: MlflowModelResolverOptions = {}): Promise<ResolvedModel> {
  const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory }, clock, ...options });
  return resolver.resolve({ modelUri, directory: files }, { report: () => {} });
}

/** The error of resolving a model, and that it left nothing but whole files inside the directory. */
async function refusal(modelUri = "mlflow-artifacts:/0/m", options: MlflowModelResolverOptions = {}): Promise<Error> {
  const error = await resolve(modelUri, options).then(
    () => new Error("it was resolved"),
    (reason: unknown) => reason as Error,
  );
  expect(await readdir(directory)).toEqual(["files"]);
  const left = await readdir(files, { recursive: true });
  expect(left.filter((path) => !["MLmodel", "requirements.txt", "data"].includes(path))).toEqual([]);
  return error;
}

/** Adds entries to what the server lists in the model's directory. */
function alsoList(...entries: object[]): void {
  const list = server.routes[route] as Handler;
  server.routes[route] = (url, response, request) => {
    if (url.searchParams.get("path") !== "0/m") return list(url, response, request);
    const own = Object.entries(model).filter(([path]) => !path.includes("/"));
    const listed = own.map(([path, content]) => ({ path, is_dir: false, file_size: content.length }));
    response.end(JSON.stringify({ files: [...listed, ...entries] }));
  };
}

/** Has the server answer for a file of the model. */
function serveFile(path: string, handler: Handler): void {
  server.routes[`${route}/0/m/${path}`] = handler;
}

describe("a listing", () => {
  it.each([
    ["leads up", "../x"],
    ["leads up later", "a/../../x"],
    ["is absolute", "/etc/passwd"],
    ["has a drive", "C:x"],
    ["has backslashes", "a\\..\\x"],
    ["has an encoded slash after dots", "..%2fx"],
    ["has encoded dots", "%2e%2e/x"],
    ["is encoded twice", "%252e%252e%252fx"],
    ["has encoded dots beside what cannot be decoded", "%2e%2e/%ff"],
    ["has a NUL", "a\0b"],
    ["has an encoded NUL", "a%00b"],
    ["has a line feed", "a\nb"],
    ["has a control character beyond ASCII", "a\u0085b"],
    ["has half a character", "\ud800"],
    ["is empty", ""],
    ["is the directory itself", "."],
    ["has an empty part", "a//b"],
    ["has a name of 256 letters", "x".repeat(256)],
    ["has a name of 256 bytes", "é".repeat(128)],
    ["is longer than any", `${"x/".repeat(600)}x`],
  ])("with a path that %s is refused", async (_how, path) => {
    alsoList({ path, is_dir: false, file_size: 1 });
    expect(await refusal()).toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining(server.uri),
    });
    expect(await readdir(files)).toEqual([]);
  });

  it("with names that differ in case, or have marks of their own, is none to refuse", async () => {
    alsoList(
      ...["Weights", "weights", "50%", "a&b?c=d", "übung.txt"].map((path) => ({ path, is_dir: false, file_size: 1 })),
    );
    for (const path of ["Weights", "weights", "50%25", "a%26b%3Fc%3Dd", "%C3%BCbung.txt"])
      serveFile(path, (_url, response) => void response.end("x"));
    expect((await resolve("mlflow-artifacts:/0/m")).files).toHaveLength(7);
  });

  it("of the same path twice is refused", async () => {
    alsoList({ path: "x", file_size: 1 }, { path: "x", file_size: 2 });
    expect(await refusal()).toMatchObject({ message: expect.stringContaining('"x" is listed twice') });
  });

  it("of a file that is a directory, too, is refused", async () => {
    alsoList({ path: "data", file_size: 1 }, { path: "data", is_dir: true });
    expect(await refusal()).toMatchObject({
      message: expect.stringContaining('"data" is a file, and there is "data/weights" below it'),
    });
  });

  it.each([-1, "many", 1.5, 1e300, "1e400"])("with the size %j is refused", async (file_size) => {
    alsoList({ path: "x", file_size });
    expect(await refusal()).toMatchObject({
      name: "DeploymentError",
      message: expect.stringMatching(/size|unknown form/),
    });
    expect(await readdir(files)).toEqual([]);
  });

  it("with more bytes than the disk has room for is refused before they are asked for", async () => {
    alsoList({ path: "x", file_size: 1e15 });
    expect(await refusal()).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      retryable: false,
      message: expect.stringMatching(
        /^The model has 10000000000\d{5} bytes, and the disk of .* has \d+ left\. Make room/,
      ),
    });
    expect(server.requests.some(({ url }) => url.endsWith("/x"))).toBe(false);
  });

  it("of an MLmodel file that is none is refused", async () => {
    server.routes[route] = { files: [{ path: "MLmodel", file_size: 5 * mebibyte }] };
    expect(await refusal()).toMatchObject({ message: expect.stringContaining("more than 4194304 are not read") });
  });

  it("that is wide without end stops at once, and so do its requests", async () => {
    const names = Array.from({ length: 1000 }, (_, index) => ({ path: String(index), is_dir: true }));
    server.routes[route] = { files: names };
    expect(await refusal()).toMatchObject({ message: expect.stringContaining("more than 100000 files") });
    const asked = server.requests.length;
    expect(asked).toBeLessThan(120);
    for (let own = 0; own < 20; own++) await fetch(server.uri);
    expect(server.requests.length).toBeLessThan(asked + 20 + 9);
  });
});

describe("a file", () => {
  it("that goes on after its listed size is cut there", async () => {
    let sent = 0;
    serveFile("data/weights", (_url, response) => {
      void Readable.from(endless(() => (sent += mebibyte))).pipe(response);
      response.on("error", () => {});
    });
    expect(await refusal()).toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining("came with more than 9 bytes, but 9 are listed"),
    });
    expect(sent).toBeLessThan(64 * mebibyte);
  });

  it("of no listed size is taken, up to a size for all of them", async () => {
    alsoList({ path: "a" }, { path: "b" });
    serveFile("a", (_url, response) => void response.end("some"));
    serveFile("b", (_url, response) => void response.end());
    expect((await resolve("mlflow-artifacts:/0/m")).files.map(({ size }) => size)).toContain(4);
    await rm(files, { recursive: true });
    await mkdir(files);
    serveFile("b", (_url, response) => {
      void Readable.from(endless(() => {})).pipe(response);
      response.on("error", () => {});
    });
    // the other one is here, whole
    const error = await resolve("mlflow-artifacts:/0/m").catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(
        /"b" .* is listed without a size, and more than 268435456 bytes of such files came/,
      ),
    });
    expect(await readdir(files)).not.toContain("b");
  });

  it("that is packed small and is large is cut at its listed size", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * mebibyte));
    serveFile(
      "data/weights",
      (_url, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    expect(await refusal()).toMatchObject({ message: expect.stringContaining("came with more than 9 bytes") });
  });

  it("that a proxy packs on the way comes as it is", async () => {
    const packed = gzipSync("123456789");
    serveFile(
      "data/weights",
      (_url, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(packed),
    );
    expect((await resolve("mlflow-artifacts:/0/m")).files.map(({ size }) => size)).toContain(9);
  });

  it.each<[string, Handler]>([
    ["the connection is cut", (_url, response) => response.writeHead(200).write("12345", () => response.destroy())],
    [
      "it is shorter than its own header says",
      (_url, response) => response.writeHead(200, { "content-length": 9 }).write("12345", () => response.destroy()),
    ],
    ["it is shorter than listed", (_url, response) => void response.end("12345")],
    [
      "it is not packed as its header says",
      (_url, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end("123456789"),
    ],
  ])("is not taken when %s, and asked for again", async (_what, handler) => {
    serveFile("data/weights", handler);
    expect(await refusal()).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
    expect(server.requests.filter(({ url }) => url.endsWith("/data/weights"))).toHaveLength(3);
  });

  it.each([
    ["listed", 9],
    ["not listed", 0],
  ])("is not a page of HTML with status 200, when its size is %s", async (_how, file_size) => {
    alsoList({ path: "weights", file_size });
    serveFile("weights", (_url, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<h1>Sign in</h1>");
    });
    expect(await refusal()).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringMatching(/a page of HTML came in its place.* set MLFLOW_TRACKING_TOKEN/),
    });
  });

  it("can be a page of HTML when that is what it is", async () => {
    alsoList({ path: "report.html", file_size: 4 });
    serveFile(
      "report.html",
      (_url, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p/>"),
    );
    expect((await resolve("mlflow-artifacts:/0/m")).files.map(({ path }) => path)).toContain("report.html");
  });

  it("is not looked for at another host, which gets no request", async () => {
    const other = await startFakeServer();
    serveFile(
      "data/weights",
      (_url, response) => void response.writeHead(302, { location: `${other.uri}/weights` }).end(),
    );
    const env = { HOME: directory, MLFLOW_TRACKING_TOKEN: "hunter2" };
    const error = await refusal("mlflow-artifacts:/0/m", { env });
    expect(error.message).toContain("credentials are not sent there");
    expect(error.message).not.toContain("hunter2");
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it.each([
    ["ENOSPC", "RESOURCE_EXHAUSTED", /the disk is full\. Make room, or set tmpDir/],
    ["EDQUOT", "RESOURCE_EXHAUSTED", /Make room, or set tmpDir/],
    ["EROFS", "PERMISSION_DENIED", /Let this user write there, or set tmpDir/],
    ["EACCES", "PERMISSION_DENIED", /Let this user write there, or set tmpDir/],
  ])("that the disk refuses with %s is %s, and not asked for again", async (code, expected, message) => {
    const failure = Object.assign(new Error(`${code}: refused, write`), { code });
    let opened = 0;
    const gs = {
      list: async (): Promise<ListedArtifact[]> => [{ path: "MLmodel", size: 1 }],
      open: async () => {
        opened++;
        return new Readable({
          read() {
            this.destroy(failure);
          },
        });
      },
    };
    expect(await refusal("gs://b/m", { readers: { gs } })).toMatchObject({
      code: expected,
      retryable: false,
      message: expect.stringMatching(message),
    });
    expect(opened).toBe(1);
  });

  it("is not written where no directory can be", async () => {
    await rm(files, { recursive: true });
    const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory }, clock });
    const request = { modelUri: "mlflow-artifacts:/0/m", directory: "/dev/null/files" };
    await expect(resolver.resolve(request, { report: () => {} })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(/ENOTDIR.* Let this user write there, or set tmpDir/),
    });
  });
});

describe("a description", () => {
  it("needs a directory for temporary files, which an error names", async () => {
    vi.stubEnv("TMPDIR", join(directory, "nowhere"));
    try {
      const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory }, clock });
      await expect(
        resolver.describe({ modelUri: "mlflow-artifacts:/0/m" }, { report: () => {} }),
      ).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.stringMatching(/^Cannot write to .*nowhere: ENOENT.* Set TMPDIR to a directory/),
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

/** Chunks of a mebibyte without end. */
function* endless(before: () => void): Generator<Buffer> {
  const chunk = Buffer.alloc(mebibyte, "x");
  for (;;) {
    before();
    yield chunk;
  }
}
