import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../../src/core/clock.js";
import type { ResolvedModel } from "../../src/core/model.js";
import { MlflowModelResolver, type MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { type FakeServer, serveArtifacts, startFakeServer } from "./mlflow-fake-server.js";

const clock: Clock = { now: () => 0, sleep: async () => {} };
const runUri = "runs:/r1/model";

let server: FakeServer;
let directory: string;
beforeEach(async () => {
  server = await startFakeServer();
  directory = await mkdtemp(join(tmpdir(), "mlflow-strange-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

function resolve(
  modelUri: string,
  options: MlflowModelResolverOptions = {},
  signal?: AbortSignal,
): Promise<ResolvedModel> {
  const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory }, clock, ...options });
  return resolver.resolve({ modelUri, directory }, { report: () => {}, signal });
}

/** Writes until the other side hangs up, which it does once. */
function endlessly(response: ServerResponse, chunk: string | Buffer): void {
  const write = (): void => {
    if (!response.destroyed) response.write(chunk, () => setImmediate(write));
  };
  write();
}

describe("an answer that no MLflow server gives", () => {
  const answers = (body: string | Buffer, status = 200): void => {
    server.routes["/mlflow/runs/get"] = (_url, response) => void response.writeHead(status).end(body);
  };
  const doubt = "Is this an MLflow server?";

  it.each([
    ["a page of HTML", "<html>Welcome</html>", 200, doubt],
    ["a page of HTML for what is not there", "<h1>Not Found</h1>", 404, doubt],
    ["JSON of another kind", '{"hello": "world"}', 200, doubt],
    ["JSON of another API's error", '{"detail": "Not Found"}', 404, doubt],
    ["a list", "[1]", 200, doubt],
    ["a number", "7", 200, doubt],
    ["nothing", "", 200, doubt],
    ["a run without artifacts", '{"run": {"info": {"experiment_id": "0"}}}', 200, 'at "run.info.artifact_uri"'],
    ["JSON that is not UTF-8", Buffer.from('{"run": "\xff\xfe"}', "latin1"), 200, doubt],
    ["lists within lists", `{"run": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`, 200, doubt],
  ])("such as %s is an error that says so at once", async (_kind, body, status, message) => {
    answers(body, status);
    const refused = resolve(runUri);
    await expect(refused).rejects.toMatchObject({ name: "DeploymentError", retryable: false });
    await expect(refused).rejects.toThrow(message);
    expect(server.requests).toHaveLength(1);
  });

  it("such as half of an object, or of a body, is asked for again, and then an error", async () => {
    answers('{"run": {"info": ');
    await expect(resolve(runUri)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      message: expect.stringContaining("the answer is cut off, or is no JSON"),
    });
    server.routes["/mlflow/runs/get"] = (_url, response) => {
      response.writeHead(200, { "content-length": "100" }).write('{"run": {');
      response.socket?.end();
    };
    await expect(resolve(runUri)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(server.requests).toHaveLength(10);
  });

  it.each([
    ["as it is", {}, "x".repeat(1 << 20)],
    ["packed small", { "content-encoding": "gzip" }, gzipSync(Buffer.alloc(80 * 1024 * 1024))],
  ])(
    "such as one without end, %s, is given up once it is larger than any of MLflow's",
    async (_how, headers, chunk) => {
      server.routes["/mlflow/runs/get"] = (_url, response) => {
        response.writeHead(200, headers);
        endlessly(response, chunk);
      };
      await expect(resolve(runUri)).rejects.toMatchObject({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringContaining("the answer has more than 67108864 bytes. Is this an MLflow server?"),
      });
      expect(server.requests).toHaveLength(1);
    },
  );

  it("such as an error without end, where a file should be, is read no further than it makes sense", async () => {
    serveArtifacts(server, { "0/m/MLmodel": "flavors: {python_function: {}}" });
    server.routes["/mlflow-artifacts/artifacts/0/m/MLmodel"] = (_url, response) => {
      response.writeHead(418);
      endlessly(response, "x".repeat(65_536));
    };
    await expect(resolve("mlflow-artifacts:/0/m")).rejects.toThrow("HTTP 418, and not what MLflow answers");
  });

  it("such as no HTTP at all is an error that names the setting", async () => {
    const listener = createServer((socket) => void socket.resume().end("SSH-2.0-OpenSSH_9.9\r\n"));
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    try {
      const address = listener.address();
      const port = typeof address === "object" && address ? address.port : 0;
      await expect(resolve(runUri, { trackingUri: `http://127.0.0.1:${port}` })).rejects.toThrow(
        /does not speak HTTP \(HPE_.*\)\. Check host and port in trackingUri/,
      );
    } finally {
      await new Promise((done) => listener.close(done));
    }
  });

  it("such as a description that is not UTF-8 is refused", async () => {
    serveArtifacts(server, { "0/m/MLmodel": "flavors: {python_function: {}}" });
    const latin = Buffer.from("flavors: {python_function: {a: \xe9}}", "latin1");
    server.routes["/mlflow-artifacts/artifacts"] = { files: [{ path: "MLmodel", file_size: String(latin.length) }] };
    server.routes["/mlflow-artifacts/artifacts/0/m/MLmodel"] = (_url, response) => void response.end(latin);
    await expect(resolve("mlflow-artifacts:/0/m")).rejects.toThrow("The model's MLmodel is not UTF-8 text.");
  });
});

describe("an address that is no MLflow server's", () => {
  it.each([
    ["databricks", "Databricks and Unity Catalog are not supported"],
    ["databricks://profile", "Databricks and Unity Catalog are not supported"],
    ["sqlite:///mlflow.db", "mlflow server --backend-store-uri"],
    ["postgresql://me:hunter2@db/mlflow", "mlflow server --backend-store-uri"],
    ["file:///tmp/mlruns", "mlflow server --backend-store-uri"],
    ["./mlruns", "mlflow server --backend-store-uri"],
    ["localhost:5000", "Write http://localhost:5000 or https://localhost:5000 in trackingUri"],
    ["mlflow.example.org:443/team", "Write http://mlflow.example.org:443/team or"],
  ])("such as %s is refused with what to do, and only where it is needed", async (uri, advice) => {
    const refused = resolve(runUri, { trackingUri: uri });
    await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    await expect(refused).rejects.toThrow(advice);
    await expect(refused).rejects.not.toThrow("hunter2");
    await expect(resolve(join(directory, "gone"), { trackingUri: uri })).rejects.toThrow("There is no directory");
  });

  it("such as databricks-uc is refused for a registry, by its own setting", async () => {
    const refused = resolve("models:/iris/1", { registryUri: "databricks-uc" });
    await expect(refused).rejects.toThrow('The registry URI "databricks-uc" is not an http or https URL. Databricks');
  });
});

describe("a function that is asked for a token", () => {
  const withToken = (token: () => string | Promise<string>, signal?: AbortSignal): Promise<ResolvedModel> =>
    resolve(runUri, { credentials: { token } }, signal);

  it.each([
    ["throws", () => Promise.reject(new TypeError("Bearer hunter2 is stale")), "failed \\(TypeError\\)"],
    ["throws what is no error", () => Promise.reject("hunter2"), "failed\\."],
    ["gives nothing", () => "  ", "gave none"],
    ["gives what is no text", () => ({ token: "hunter2" }) as unknown as string, "gave none"],
    ["gives more than a token", () => "hunter2\r\nx-evil: 1", "another character that no token has"],
  ])("and %s is named in the error, which shows nothing of it", async (_what, token, message) => {
    const refused = withToken(token);
    await expect(refused).rejects.toSatisfy((error: Error) => !("cause" in error));
    await expect(refused).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(refused).rejects.toThrow(new RegExp(message));
    await expect(refused).rejects.not.toThrow("hunter2");
    expect(server.requests).toEqual([]);
  });

  it("is not waited for once the call is cancelled", async () => {
    const controller = new AbortController();
    const never = (): Promise<string> => {
      controller.abort();
      return new Promise(() => {});
    };
    await expect(withToken(never, controller.signal)).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("the description of a model", () => {
  it("reads its small files only, and leaves nothing on this machine", async () => {
    const files = { MLmodel: "flavors: {python_function: {}}", "python_env.yaml": "python: 3.11.7", weights: "0123" };
    serveArtifacts(
      server,
      Object.fromEntries(Object.entries(files).map(([path, content]) => [`0/m/${path}`, content])),
    );
    vi.stubEnv("TMPDIR", directory);
    const resolver = new MlflowModelResolver({ trackingUri: server.uri, env: { HOME: directory } });
    const described = await resolver.describe({ modelUri: "mlflow-artifacts:/0/m" }, { report: () => {} });
    expect(described.source.artifactUri).toBe("mlflow-artifacts:/0/m");
    expect(described.metadata.pythonVersion).toBe("3.11.7");
    expect(server.requests.filter(({ url }) => url.endsWith("/weights"))).toEqual([]);
    await expect(resolver.describe({ modelUri: "mlflow-artifacts:/0/n" }, { report: () => {} })).rejects.toThrow(
      "nothing is there",
    );
    expect(await readdir(directory)).toEqual([]);
  });
});
