import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localFiles, modelHash, uploadFile } from "../../src/core/model-files.js";
import type { ResolvedModel } from "../../src/core/model.js";
import type { ListedArtifact } from "../../src/core/services.js";
import { MlflowModelResolver, type MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { type FakeServer, type Handler, serveArtifacts, startFakeServer } from "./mlflow-fake-server.js";

const context = { report: () => {} };
const withoutId = "flavors: {python_function: {python_version: 3.11.7}}\n";
const withId = `${withoutId}model_uuid: 0123456789abcdef0123456789abcdef\n`;
const rest = { "requirements.txt": "mlflow==3.17.2\n", "data/weights": "123456789" };

let server: FakeServer;
let directory: string;

beforeEach(async () => {
  server = await startFakeServer();
  directory = await mkdtemp(join(tmpdir(), "mlflow-stored-"));
  await mkdir(join(directory, "files"));
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

function serve(prefix: string, files: Record<string, string>): void {
  serveArtifacts(
    server,
    Object.fromEntries(Object.entries(files).map(([path, content]) => [`${prefix}/${path}`, content])),
  );
}

async function resolve(modelUri: string, options: MlflowModelResolverOptions = {}): Promise<ResolvedModel> {
  const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory }, ...options });
  return resolver.resolve({ modelUri, directory: join(directory, "files") }, context);
}

const downloads = (path: string) => server.requests.filter(({ url }) => url.endsWith(path)).length;
const weightsOf = ({ files }: ResolvedModel) => files.find(({ path }) => path === "data/weights")!;

describe("a model with an id of its own, on an MLflow server", () => {
  beforeEach(() => serve("0/m", { MLmodel: withId, ...rest }));

  it("is resolved by its description: no other file is downloaded", async () => {
    const model = await resolve("mlflow-artifacts:/0/m");
    expect(weightsOf(model)).toMatchObject({ size: 9, sha256: null, crc32c: null, localPath: null });
    expect((await readdir(join(directory, "files"))).toSorted()).toEqual(["MLmodel", "requirements.txt"]);
    expect(downloads("/data/weights")).toBe(0);
  });

  it("has the same hash wherever the server has it, and another when its id or a size is another", async () => {
    const hash = async (prefix: string, files: Record<string, string>) => {
      serve(prefix, files);
      await rm(join(directory, "files"), { recursive: true });
      await mkdir(join(directory, "files"));
      return modelHash(await resolve(`mlflow-artifacts:/${prefix}`));
    };
    const first = await hash("0/m", { MLmodel: withId, ...rest });
    expect(await hash("7/other", { MLmodel: withId, ...rest })).toBe(first);
    expect(await hash("0/n", { MLmodel: withId.replace("0123", "4567"), ...rest })).not.toBe(first);
    expect(await hash("0/o", { MLmodel: withId, ...rest, "data/weights": "1234567890" })).not.toBe(first);
    expect(await hash("0/p", { MLmodel: withId, ...rest, "data/more": "x" })).not.toBe(first);
  });

  it("gives the bytes of a file straight from the server, and brings a file once", async () => {
    const model = await resolve("mlflow-artifacts:/0/m");
    const weights = weightsOf(model);
    expect((await buffer(await weights.open!(context))).toString()).toBe("123456789");
    expect(await readdir(join(directory, "files"))).not.toContain("data");
    const [[local], [same]] = await Promise.all([
      localFiles(model, [weights], context),
      localFiles(model, [weights], context),
    ]);
    expect(same).toEqual(local);
    expect(await readFile(local!.localPath, "utf8")).toBe("123456789");
    expect(local).toMatchObject({ crc32c: "4waSgw==" });
    expect(downloads("/data/weights")).toBe(2);
    expect(modelHash(model)).toBe(modelHash({ files: model.files }));
  });

  it.each<[string, Handler]>([
    ["shorter", (_url, response) => void response.end("12345")],
    ["longer", (_url, response) => void response.end("1234567890")],
    ["cut off", (_url, response) => response.writeHead(200).write("12345", () => response.destroy())],
  ])("gives no end of a file that is %s than it was listed", async (_what, handler) => {
    const model = await resolve("mlflow-artifacts:/0/m");
    server.routes["/mlflow-artifacts/artifacts/0/m/data/weights"] = handler;
    await expect(buffer(await weightsOf(model).open!(context))).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining('"data/weights"'),
    });
  });

  it("stops giving bytes when it is cancelled", async () => {
    const model = await resolve("mlflow-artifacts:/0/m");
    const stop = new AbortController();
    const cutOff: Handler = (_url, response) => void response.writeHead(200).write("123", () => stop.abort());
    server.routes["/mlflow-artifacts/artifacts/0/m/data/weights"] = cutOff;
    await expect(buffer(await weightsOf(model).open!({ ...context, signal: stop.signal }))).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });
});

describe("what nothing else stands for is read", () => {
  it("of a model without an id on a server: all", async () => {
    serve("0/m", { MLmodel: withoutId, ...rest });
    const model = await resolve("mlflow-artifacts:/0/m");
    expect(model.files.every(({ sha256, localPath }) => sha256 !== null && localPath !== null)).toBe(true);
  });

  it("of one with an id: the files that may have a size that is not listed", async () => {
    serve("0/m", { MLmodel: withId, ...rest, "code/__init__.py": "" });
    const model = await resolve("mlflow-artifacts:/0/m");
    expect(model.files.filter(({ sha256 }) => sha256 === null).map(({ path }) => path)).toEqual(["data/weights"]);
  });

  it("of a directory of this machine, where a file can change beside the same MLmodel: all", async () => {
    const local = join(directory, "local");
    await mkdir(join(local, "data"), { recursive: true });
    const write = async (weights: string) => {
      await Promise.all([writeFile(join(local, "MLmodel"), withId), writeFile(join(local, "data/weights"), weights)]);
      return modelHash(await resolve(local));
    };
    const first = await write("123456789");
    expect(await write("987654321")).not.toBe(first);
    expect(await write("123456789")).toBe(first);
  });
});

describe("a store that says more than a size", () => {
  const contents: Record<string, string> = { MLmodel: withoutId, ...rest };
  const reader = (more: Partial<ListedArtifact>) => ({
    list: async () =>
      Object.entries(contents).map(([path, text]) => {
        // what describes the model is read anyway
        const marks = path === "data/weights" ? more : { version: "v" };
        return { path, size: text.length, ...marks };
      }),
    open: async (_uri: string, path: string) => {
      if (path === "data/weights") throw new Error("it was read");
      return Readable.from([Buffer.from(contents[path]!)]);
    },
  });
  const object = (generation: string) => ({ bucket: "b", name: "m/data/weights", generation });

  it.each([{ version: null }, { version: "" }, { crc32c: null }, { crc32c: "0a0b0c0d" }])(
    "and is read where the store's mark is none: %o",
    async (more) => {
      const readers = { gs: reader(more as unknown as Partial<ListedArtifact>) };
      await expect(resolve("gs://b/m", { readers })).rejects.toThrow(/it was read/);
    },
  );

  it.each<[string, Partial<ListedArtifact>, Partial<ListedArtifact>]>([
    ["a checksum", { crc32c: "4waSgw==" }, { crc32c: "AAAAAA==" }],
    ["a version", { version: '"one"' }, { version: '"two"' }],
  ])("by %s tells its files without reading them", async (_what, one, two) => {
    const found = (more: Partial<ListedArtifact>) => resolve("gs://b/m", { readers: { gs: reader(more) } });
    const hash = modelHash(await found(one));
    await rm(join(directory, "files"), { recursive: true });
    expect(modelHash(await found(one))).toBe(hash);
    await rm(join(directory, "files"), { recursive: true });
    expect(modelHash(await found(two))).not.toBe(hash);
  });

  it("names the objects to copy, whose generation is no part of the model", async () => {
    const found = async (generation: string) => {
      const more = { crc32c: "4waSgw==", object: object(generation) };
      const model = await resolve("gs://b/m", { readers: { gs: reader(more) } });
      await rm(join(directory, "files"), { recursive: true });
      expect(weightsOf(model).object).toEqual(object(generation));
      return modelHash(model);
    };
    expect(await found("1")).toBe(await found("2"));
  });

  it("refuses to bring a file that was replaced by another of its size after it was listed", async () => {
    const waits: number[] = [];
    const clock = { now: () => 0, sleep: async (milliseconds: number) => void waits.push(milliseconds) };
    const { list, open } = reader({ crc32c: "4waSgw==" });
    const replaced = async (uri: string, path: string) =>
      path === "data/weights" ? Readable.from([Buffer.from("987654321")]) : open(uri, path);
    const model = await resolve("gs://b/m", { readers: { gs: { list, open: replaced } }, clock });
    await expect(localFiles(model, [weightsOf(model)], context)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringMatching(/"data\/weights".*4waSgw==/),
    });
    expect(waits).toHaveLength(2);
    expect(await readdir(join(directory, "files", "data"))).toEqual([]);
  });
});

it("says which file of a store of the user's own failed, and none of its words, which may hold a signed URL", async () => {
  const failure = Object.assign(new Error("GET https://store.example.com/x?signature=secret"), { code: "ECONNRESET" });
  const open = () => Promise.reject(failure);
  const file = { path: "data/weights", size: 9, sha256: null, crc32c: null, localPath: null, open };
  const error: unknown = await buffer(await uploadFile(file).open(context)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", message: expect.stringContaining('"data/weights"') });
  expect(inspect(error, { depth: null })).not.toContain("secret");
});
