import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ResolvedModel } from "../../src/core/model.js";
import { MlflowModelResolver, type MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { type FakeServer, mlflowError, serveArtifacts, startFakeServer } from "./mlflow-fake-server.js";

const MLmodel = "flavors: {python_function: {python_version: 3.11.7}}\nmlflow_version: 3.17.2\n";
const model = { "0/a b/MLmodel": MLmodel, "0/a b/requirements.txt": "mlflow==3.17.2\n", "0/a b/x/50%": "123" };
const artifacts = "/api/2.0/mlflow-artifacts/artifacts";
const token = "hunter2";

let tracking: FakeServer;
let other: FakeServer;
let directory: string;

beforeEach(async () => {
  [tracking, other] = await Promise.all([startFakeServer(), startFakeServer()]);
  directory = await mkdtemp(join(tmpdir(), "mlflow-http-"));
  serveArtifacts(tracking, model);
  serveArtifacts(other, model);
});
afterEach(async () => {
  await Promise.all([tracking.close(), other.close()]);
  await rm(directory, { recursive: true, force: true });
});

async function resolve(modelUri: string, options: MlflowModelResolverOptions = {}): Promise<ResolvedModel> {
  const env = { HOME: directory, MLFLOW_TRACKING_TOKEN: token };
  const resolver = new MlflowModelResolver({ trackingUri: tracking.uri, env, ...options });
  const files = join(directory, "files");
  await rm(files, { recursive: true, force: true });
  await mkdir(files);
  return resolver.resolve({ modelUri, directory: files }, { report: () => {} });
}

/** The different values of the header that a server was sent. */
const authorizations = (server: FakeServer) => [...new Set(server.requests.map((request) => request.authorization))];

describe("the URL of an MLflow server's artifacts", () => {
  it("is a model URI, on the tracking server with its credentials", async () => {
    const resolved = await resolve(`${tracking.uri}${artifacts}/0/a%20b/`);
    expect(resolved.files.map(({ path }) => path)).toEqual(["MLmodel", "requirements.txt", "x/50%"]);
    expect(resolved.source.artifactUri).toBe(`${tracking.uri}${artifacts}/0/a%20b/`);
    expect(authorizations(tracking)).toEqual([`Bearer ${token}`]);
  });

  it("leads to another server without them, also in the words of the tracking server", async () => {
    await resolve(`${other.uri}${artifacts}/0/a b`);
    tracking.routes["/mlflow/model-versions/get"] = { model_version: { name: "iris", version: "1" } };
    tracking.routes["/mlflow/model-versions/get-download-uri"] = { artifact_uri: `${other.uri}${artifacts}/0/a b` };
    await resolve("models:/iris/1");
    expect(other.requests.length).toBeGreaterThan(4);
    expect(authorizations(other)).toEqual([undefined]);
  });

  it("needs no tracking server, and gets no credentials without one", async () => {
    await resolve(`${other.uri}${artifacts}/0/a b`, { trackingUri: undefined });
    expect(authorizations(other)).toEqual([undefined]);
  });

  it("keeps its path prefix, and passes on no user and password that are in it", async () => {
    const uri = `${other.uri}/team${artifacts}/0/m`.replace("//", "//me:hunter2@");
    const error = await resolve(uri).then(() => "", String);
    expect(error).not.toContain("hunter2");
    expect(other.requests[0]?.url).toBe(`/team${artifacts}?path=0%2Fm`);
    expect(authorizations(other)).toEqual([undefined]);
  });

  it("is an error that says who gets credentials, when the other server asks for them", async () => {
    other.routes["/mlflow-artifacts/artifacts"] = mlflowError(401, "UNAUTHENTICATED", "no");
    await expect(resolve(`${other.uri}${artifacts}/0/m`)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(`sent to the tracking server only: is ${other.uri} set as trackingUri`),
    });
  });

  it.each(["/models/iris", artifacts, `${artifacts}/`, `${artifacts}/0/m?sig=hunter2`, `${artifacts}/0/m#x`])(
    "is none with %s, and the error says which are",
    async (path) => {
      const error = await resolve(other.uri + path).then(
        () => new Error("it was resolved"),
        (reason: unknown) => reason as Error,
      );
      expect(error).toMatchObject({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringContaining("cannot be listed"),
      });
      expect(error).toMatchObject({
        message: expect.stringContaining("https://HOST/api/2.0/mlflow-artifacts/artifacts/path"),
      });
      expect(error.message).not.toContain("hunter2");
      expect(other.requests).toEqual([]);
    },
  );

  it.each(["0/%2e%2e/m", "0/%252e%252e/m", "0/..%2fm"])("is refused where it leads up: %s", async (path) => {
    await expect(resolve(`${other.uri}${artifacts}/${path}`)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
    });
    expect(other.requests.filter(({ url }) => url.includes(".."))).toEqual([]);
  });
});
