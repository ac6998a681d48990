import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/clock.js";
import type { ResolvedModel } from "../../src/core/model.js";
import type { ProgressEvent } from "../../src/core/progress.js";
import { MlflowModelResolver, type MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { type FakeServer, type Handler, mlflowError, serveArtifacts, startFakeServer } from "./mlflow-fake-server.js";

const MLmodel = "flavors: {python_function: {python_version: 3.11.7}, sklearn: {}}\nrun_id: r1\n";
const model = { MLmodel, "requirements.txt": "mlflow==3.17.2\n", "data/a b.txt": "123456789", "empty.txt": "" };
const below = (prefix: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${prefix}/${path}`, content]));

let server: FakeServer;
let directory: string;
let events: ProgressEvent[];
const waits: number[] = [];
const clock: Clock = { now: () => 0, sleep: async (milliseconds) => void waits.push(milliseconds) };

beforeEach(async () => {
  server = await startFakeServer();
  directory = await mkdtemp(join(tmpdir(), "mlflow-resolver-"));
  events = [];
  waits.length = 0;
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function resolve(
  modelUri: string,
  options: MlflowModelResolverOptions = {},
  rest: { flavor?: string; signal?: AbortSignal } = {},
): Promise<ResolvedModel> {
  const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory }, clock, ...options });
  const files = join(directory, "files");
  await mkdir(files, { recursive: true });
  const context = { report: (event: ProgressEvent) => void events.push(event), signal: rest.signal };
  return resolver.resolve({ modelUri, flavor: rest.flavor, directory: files }, context);
}

describe("a model of proxied artifacts", () => {
  it("comes with all files, their checksums, and progress", async () => {
    serveArtifacts(server, below("0/m", model));
    const resolved = await resolve("mlflow-artifacts:/0/m");
    expect(resolved.files.map(({ path, size }) => [path, size])).toEqual([
      ["MLmodel", MLmodel.length],
      ["data/a b.txt", 9],
      ["empty.txt", 0],
      ["requirements.txt", 15],
    ]);
    const digits = resolved.files[1];
    expect(digits).toMatchObject({
      // the check value of CRC-32C, e3069283
      crc32c: "4waSgw==",
      sha256: createHash("sha256").update("123456789").digest("hex"),
    });
    expect(await readFile(digits?.localPath ?? "", "utf8")).toBe("123456789");
    expect(resolved).toMatchObject({ requirements: "mlflow==3.17.2\n", metadata: { pythonVersion: "3.11.7" } });
    const total = MLmodel.length + 9 + 15;
    expect(events.at(-1)).toEqual({
      type: "transfer",
      step: "resolve",
      bytes: total,
      totalBytes: total,
      files: 4,
      totalFiles: 4,
    });
  });

  it("fails with the flavors it has before its other files are downloaded", async () => {
    serveArtifacts(server, below("0/m", model));
    await expect(resolve("mlflow-artifacts:/0/m", {}, { flavor: "pytorch" })).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: 'The model has no flavor "pytorch". It has: python_function, sklearn.',
    });
    expect(server.requests.filter(({ url }) => url.includes("a%20b.txt"))).toEqual([]);
  });

  it("says what is there, and where models are, when there is no MLmodel", async () => {
    serveArtifacts(server, below("0/run", { "notes.txt": "hi", ...below("deep/model", model) }));
    await expect(resolve("mlflow-artifacts:/0/run")).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringMatching(
        /there are deep\/, notes\.txt\. Models are at mlflow-artifacts:\/0\/run\/deep\/model\./,
      ),
    });
  });

  it.each(["../escape", "/etc/passwd", "%2e%2e%2fescape", "a\\b"])(
    "is refused when the server names the path %j",
    async (path) => {
      server.routes["/mlflow-artifacts/artifacts"] = { files: [{ path, is_dir: false, file_size: 1 }] };
      await expect(resolve("mlflow-artifacts:/0/m")).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
      expect(await readdir(join(directory, "files"))).toEqual([]);
    },
  );

  it("is refused when its directories never end", async () => {
    server.routes["/mlflow-artifacts/artifacts"] = { files: [{ path: "again", is_dir: true }] };
    await expect(resolve("mlflow-artifacts:/0/m")).rejects.toThrow("lists directories without end");
  });

  it("fails after three downloads that are cut off, and leaves nothing half", async () => {
    serveArtifacts(server, below("0/m", model));
    server.routes["/mlflow-artifacts/artifacts/0/m/data/a%20b.txt"] = (_url, response) => void response.end("123");
    await expect(resolve("mlflow-artifacts:/0/m")).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining("came with 3 bytes, but 9 are listed"),
    });
    expect(server.requests.filter(({ url }) => url.endsWith("a%20b.txt"))).toHaveLength(3);
    expect(await readdir(join(directory, "files", "data"))).toEqual([]);
  });

  it("stops when it is cancelled", async () => {
    serveArtifacts(server, below("0/m", model));
    const controller = new AbortController();
    server.routes["/mlflow-artifacts/artifacts/0/m/MLmodel"] = () => controller.abort();
    await expect(resolve("mlflow-artifacts:/0/m", {}, { signal: controller.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });
});

describe("a model of a run or of the registry", () => {
  const run = (outputs: string[], history = "[]"): object => ({
    run: {
      info: { artifact_uri: "mlflow-artifacts:/0/r1/artifacts", experiment_id: "0" },
      data: { tags: [{ key: "mlflow.log-model.history", value: history }] },
      outputs: { model_outputs: outputs.map((model_id) => ({ model_id, step: "0" })) },
    },
  });
  const logged = (id: string, name: string): object => ({
    model: { info: { model_id: id, name, artifact_uri: `mlflow-artifacts:/0/models/${id}`, source_run_id: "r1" } },
  });
  const version = { model_version: { name: "iris", version: "7", run_id: "r1", source: "models:/m-1" } };

  it("is the run's files below those of its logged model, which win (MLflow 3)", async () => {
    server.routes["/mlflow/runs/get"] = run(["m-1"]);
    server.routes["/mlflow/logged-models/search"] = {
      models: [{ ...(logged("m-1", "model") as { model: object }).model }],
    };
    serveArtifacts(server, {
      ...below("0/r1/artifacts/model", { "extra.txt": "from the run", "requirements.txt": "old\n" }),
      ...below("0/models/m-1", model),
    });
    const resolved = await resolve("runs:/r1/model");
    expect(resolved.files.map(({ path }) => path)).toContain("extra.txt");
    expect(resolved.requirements).toBe("mlflow==3.17.2\n");
    expect(resolved.source).toEqual({
      uri: "runs:/r1/model",
      artifactUri: "mlflow-artifacts:/0/models/m-1",
      runId: "r1",
      modelId: "m-1",
      registeredModel: null,
    });
  });

  it("is not the run's files alone when the logged model's cannot be listed", async () => {
    server.routes["/mlflow/runs/get"] = run(["m-1"]);
    server.routes["/mlflow/logged-models/search"] = { models: [(logged("m-1", "model") as { model: object }).model] };
    serveArtifacts(server, below("0/r1/artifacts/model", model));
    const list = server.routes["/mlflow-artifacts/artifacts"] as Handler;
    server.routes["/mlflow-artifacts/artifacts"] = (url, ...rest) => {
      const isOfModel = url.searchParams.get("path")?.startsWith("0/models/");
      (isOfModel ? mlflowError(403, "PERMISSION_DENIED", "no") : list)(url, ...rest);
    };
    await expect(resolve("runs:/r1/model")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  it("is the run's own directory where there are no logged models (MLflow 2)", async () => {
    server.routes["/mlflow/runs/get"] = run([], JSON.stringify([{ artifact_path: "clf" }, { artifact_path: "clf" }]));
    serveArtifacts(server, below("0/r1/artifacts/clf", model));
    expect((await resolve("runs:/r1")).source).toMatchObject({
      artifactUri: "mlflow-artifacts:/0/r1/artifacts/clf",
      runId: "r1",
    });
  });

  it("is the only one of its run, or an error that lists them", async () => {
    server.routes["/mlflow/logged-models/m-1"] = logged("m-1", "a");
    server.routes["/mlflow/logged-models/m-2"] = logged("m-2", "b");
    serveArtifacts(server, below("0/models/m-1", model));
    server.routes["/mlflow/runs/get"] = run(["m-1", "m-1"]);
    expect((await resolve("runs:/r1")).source.modelId).toBe("m-1");
    server.routes["/mlflow/runs/get"] = run(["m-1", "m-2"]);
    await expect(resolve("runs:/r1")).rejects.toThrow("logged 2 models; choose one, such as runs:/r1/a or runs:/r1/b.");
  });

  it("is where get-download-uri says, through another models: URI too", async () => {
    server.routes["/mlflow/registered-models/get-latest-versions"] = {
      model_versions: [{ version: "6" }, { version: "7" }],
    };
    server.routes["/mlflow/model-versions/get"] = version;
    server.routes["/mlflow/model-versions/get-download-uri"] = { artifact_uri: "models:/m-1" };
    server.routes["/mlflow/logged-models/m-1"] = logged("m-1", "model");
    serveArtifacts(server, below("0/models/m-1", model));
    expect((await resolve("models:/iris/latest")).source).toMatchObject({
      artifactUri: "mlflow-artifacts:/0/models/m-1",
      modelId: "m-1",
      registeredModel: { name: "iris", version: "7" },
    });
  });

  it("is refused when its URIs lead in a circle", async () => {
    server.routes["/mlflow/model-versions/get"] = version;
    server.routes["/mlflow/model-versions/get-download-uri"] = { artifact_uri: "models:/iris/7" };
    await expect(resolve("models:/iris/7")).rejects.toThrow("leads in a circle: models:/iris/7 → models:/iris/7.");
  });

  it("has the known aliases in the error about an unknown one, which MLflow answers with 400", async () => {
    server.routes["/mlflow/registered-models/alias"] = mlflowError(
      400,
      "INVALID_PARAMETER_VALUE",
      "alias nope not found.",
    );
    server.routes["/mlflow/registered-models/get"] = {
      registered_model: { name: "iris", aliases: [{ alias: "champion", version: "1" }] },
    };
    server.routes["/mlflow/model-versions/search"] = { model_versions: [{ version: "9" }, { version: 10 }] };
    await expect(resolve("models:/iris@nope")).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: `The model "iris" at ${server.uri} has no alias "nope"; it has the versions 10, 9 and the alias champion.`,
    });
  });

  it("is refused in a directory of the server's machine, unless that is this one", async () => {
    const local = join(directory, "model");
    await mkdir(local);
    await writeFile(join(local, "MLmodel"), MLmodel);
    server.routes["/mlflow/model-versions/get"] = version;
    server.routes["/mlflow/model-versions/get-download-uri"] = { artifact_uri: `file://${local}` };
    expect((await resolve("models:/iris/7")).source.artifactUri).toBe(local);

    const secrets = join(directory, "secrets");
    await mkdir(secrets);
    await writeFile(join(secrets, "id_rsa"), "PRIVATE KEY");
    server.routes["/mlflow/model-versions/get-download-uri"] = { artifact_uri: `file://${secrets}` };
    await expect(resolve("models:/iris/7")).rejects.toThrow("is no model: it has no MLmodel file");

    server.routes["/mlflow/model-versions/get-download-uri"] = { artifact_uri: "relative/model" };
    await expect(resolve("models:/iris/7")).rejects.toThrow("on the machine of its server");
  });
});

describe("a model in a local directory", () => {
  it("is used in place, without a tracking server", async () => {
    const local = join(directory, "model");
    await mkdir(join(local, "data"), { recursive: true });
    await writeFile(join(local, "MLmodel"), MLmodel);
    await writeFile(join(local, "data", "weights"), "123456789");
    await symlink("data/weights", join(local, "link"));
    const resolved = await resolve(local, { trackingUri: undefined });
    expect(resolved.files.map(({ path, crc32c }) => [path, crc32c])).toEqual([
      ["MLmodel", expect.any(String)],
      ["data/weights", "4waSgw=="],
      ["link", "4waSgw=="],
    ]);
    expect(resolved.files[1]?.localPath).toMatch(/\/model\/data\/weights$/);
    expect(await readdir(join(directory, "files"))).toEqual([]);
    expect((await resolve(`file://${local}`)).source.artifactUri).toBe(local);
  });

  it("is refused when a link leaves it", async () => {
    await writeFile(join(directory, "secret"), "s");
    const local = join(directory, "model");
    await mkdir(local);
    await symlink("../secret", join(local, "weights"));
    await expect(resolve(local)).rejects.toThrow(/model\/weights is a link that leaves the model directory/);
  });

  it("is an error when it is not there", async () => {
    await expect(resolve(join(directory, "nowhere"))).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

describe("other stores", () => {
  it("are read by the reader of their scheme", async () => {
    const gs = {
      list: async () => Object.entries(model).map(([path, content]) => ({ path, size: content.length })),
      open: async (_uri: string, path: string) => Readable.from([Buffer.from(model[path as keyof typeof model])]),
    };
    const resolved = await resolve("gs://bucket/model", { readers: { gs } });
    expect(resolved.source.artifactUri).toBe("gs://bucket/model");
    expect(resolved.files).toHaveLength(4);
  });

  it("are refused without one, by an error without their credentials", async () => {
    await expect(resolve("file://user:hunter2@host/model")).rejects.toThrow(
      '"file://host/model" is not the URI of a file',
    );
    const refused = resolve("wasbs://user:hunter2@host/model?sig=hunter2");
    await expect(refused).rejects.toThrow('cannot be read: "wasbs:" (Azure Blob Storage) is not supported. Start');
    await expect(refused).rejects.not.toThrow("hunter2");
  });
});

describe("a reader of the user's own", () => {
  const signed = "GET https://store.example.org/m/MLmodel?sig=hunter2 failed (404)";
  const open = async (): Promise<Readable> => Promise.reject(new Error(signed));

  it.each([
    ["lists", async () => Promise.reject(new Error(signed)), open, /^Listing st:\/m failed: /],
    [
      "opens",
      async () => [{ path: "MLmodel", size: 9 }],
      open,
      /^Cannot bring the file "MLmodel" of st:\/m to this machine: /,
    ],
  ])("that fails as it %s a model is quoted without a signed URL", async (_does, list, opens, message) => {
    const failed = resolve("st:/m", { readers: { st: { list, open: opens } } });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow("GET https://store.example.org/m/MLmodel?*** failed (404)");
    await expect(failed).rejects.not.toMatchObject({ cause: { message: expect.stringContaining("hunter2") } });
  });

  it.each([undefined, {}, ["MLmodel"], [null], [{ size: 1 }]])(
    "that lists %j is told what a listing is",
    async (listed) => {
      const st = { list: async () => listed as never, open };
      await expect(resolve("st:/m", { readers: { st } })).rejects.toThrow(
        'The reader of "st:" gives no listing of st:/m: its list(uri, context) must resolve to an array of { path, size }.',
      );
    },
  );
});

describe("the tracking server", () => {
  const runUri = "runs:/r1/model";

  it("is named, with the settings, when none is set or nothing answers", async () => {
    const setting = /trackingUri \(tracking_uri, or the environment variable MLFLOW_TRACKING_URI\)/;
    await expect(resolve(runUri, { trackingUri: undefined })).rejects.toThrow(setting);
    await expect(resolve(runUri, { trackingUri: "sqlite:///mlflow.db" })).rejects.toThrow(setting);
    await server.close();
    await expect(resolve(runUri)).rejects.toThrow(setting);
    await expect(resolve(runUri)).rejects.toThrow(server.uri);
    server = await startFakeServer();
  });

  it("is asked again after a passing failure, and for no longer than it makes sense", async () => {
    let failures = 2;
    server.routes["/mlflow/runs/get"] = (_url, response) => {
      if (failures-- > 0) response.writeHead(503, { "retry-after": "7" }).end();
      else mlflowError(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=r1 not found")(_url, response, {} as never);
    };
    await expect(resolve(runUri)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: `Cannot read the run "r1" from ${server.uri}: Run with id=r1 not found`,
    });
    expect(waits).toEqual([7000, 7000]);
    failures = 100;
    await expect(resolve(runUri)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
    expect(failures).toBe(95);
  });

  it("is doubted when it answers with a page of HTML", async () => {
    await expect(resolve(runUri)).rejects.toThrow("Is this an MLflow server?");
    server.routes["/mlflow/runs/get"] = (_url, response) => void response.end("<html>Welcome</html>");
    await expect(resolve(runUri)).rejects.toThrow("Is this an MLflow server?");
  });

  it("gets the credentials of the environment, below its path prefix; no other server does", async () => {
    const other = await startFakeServer();
    serveArtifacts(other, below("0/m", model));
    serveArtifacts(server, below("0/m", model));
    const options = {
      trackingUri: `${server.uri}/`,
      env: { MLFLOW_TRACKING_USERNAME: "me", MLFLOW_TRACKING_PASSWORD: "hunter2", MLFLOW_TRACKING_TOKEN: "unused" },
    };
    await resolve("mlflow-artifacts:/0/m", options);
    const basic = `Basic ${Buffer.from("me:hunter2").toString("base64")}`;
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([basic]));

    await rm(join(directory, "files"), { recursive: true });
    await resolve(`mlflow-artifacts://${new URL(other.uri).host}/0/m`, options);
    expect(new Set(other.requests.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
    await other.close();
  });

  it("gets a fresh token for each request when the token is a function", async () => {
    serveArtifacts(server, below("0/m", model));
    let count = 0;
    await resolve("mlflow-artifacts:/0/m", { credentials: { token: async () => `token-${++count}` } });
    expect(server.requests[0]?.authorization).toBe("Bearer token-1");
    expect(new Set(server.requests.map(({ authorization }) => authorization)).size).toBe(server.requests.length);
  });

  it("gets the credentials of ~/.mlflow/credentials when the environment has none", async () => {
    await mkdir(join(directory, ".mlflow"));
    const file =
      "[other]\nmlflow_tracking_username = x\n[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = pass=word\n";
    await writeFile(join(directory, ".mlflow", "credentials"), file);
    await expect(resolve(runUri)).rejects.toThrow("Is this an MLflow server?");
    expect(server.requests[0]?.authorization).toBe(`Basic ${Buffer.from("me:pass=word").toString("base64")}`);
  });

  it("keeps its path prefix", async () => {
    await expect(resolve(runUri, { trackingUri: `${server.uri}/team/mlflow/` })).rejects.toThrow(
      "Is this an MLflow server?",
    );
    expect(server.requests[0]?.url).toBe("/team/mlflow/api/2.0/mlflow/runs/get?run_id=r1");
  });

  it("is not followed elsewhere, and its errors say how to sign in", async () => {
    server.routes["/mlflow/runs/get"] = (_url, response) =>
      void response.writeHead(302, { location: "https://login.acme.com/?next=secret" }).end();
    await expect(resolve(runUri)).rejects.toThrow(
      "the server redirects to https://login.acme.com/, and credentials are not sent there",
    );
    server.routes["/mlflow/runs/get"] = (_url, response) =>
      void response.writeHead(401).end("You are not authenticated.");
    await expect(resolve(runUri)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
      ),
    });
    server.routes["/mlflow/runs/get"] = (_url, response) => void response.writeHead(403).end("Permission denied");
    await expect(resolve(runUri)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });
});
