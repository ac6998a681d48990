import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MlflowServer, startMlflowServer } from "../../scripts/demo/mlflow-server.js";
import type { ModelSource } from "../../src/core/model.js";
import type { MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { MlflowRest } from "../support/mlflow-rest.js";
import { mlflow2Python, modelsPython } from "../support/python.js";
import { resolveModel } from "../support/resolve.js";

const admin = "admin:the admin's p@ss%word";
const joe = { username: "joe", password: "joe's own p@ssword" };

/** `mlflow server` with its own app for users, of whom nobody may read what another has made. */
async function startServerWithUsers(python: string, dataDir: string): Promise<MlflowServer> {
  const config = join(dataDir, "auth.ini");
  const lines = [
    "[mlflow]",
    "default_permission = NO_PERMISSIONS",
    `database_uri = sqlite:///${join(dataDir, "auth.db")}`,
    "admin_username = admin",
    `admin_password = ${admin.slice("admin:".length).replaceAll("%", "%%")}`,
    "authorization_function = mlflow.server.auth:authenticate_request_basic_auth",
  ];
  await writeFile(config, lines.join("\n"));
  const env = { MLFLOW_AUTH_CONFIG_PATH: config, MLFLOW_FLASK_SERVER_SECRET_KEY: "of this test" };
  return startMlflowServer({ python, dataDir, args: ["--app-name", "basic-auth"], env });
}

describe.each([
  ["2.22", mlflow2Python],
  ["3.17", modelsPython],
])("a server of MLflow %s with users", (_version, python) => {
  let dataDir: string;
  let server: MlflowServer;
  let runId: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "mlflow-users-"));
    server = await startServerWithUsers(python(), dataDir);
    const rest = new MlflowRest(server.trackingUri, admin);
    const run = await rest.createRun();
    runId = run.id;
    // few files: a server with users hashes the password anew for every request
    await rest.putModel(`${run.artifactUri}/model`, { MLmodel: "flavors: {python_function: {}}\n" });
    await rest.createVersion("churn", `${run.artifactUri}/model`, runId);
    await rest.post("users/create", joe);
  });
  afterAll(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const uris = () => [`runs:/${runId}/model`, "models:/churn/1", "models:/churn/latest"];
  const resolve = async (uri: string, options: MlflowModelResolverOptions = {}): Promise<ModelSource> =>
    (await resolveModel(uri, { trackingUri: server.trackingUri, ...options })).source;

  it("gives a model to who signs in by the environment", async () => {
    const [username, ...rest] = admin.split(":");
    const env = { HOME: dataDir, MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: rest.join(":") };
    for (const uri of uris().slice(0, 2)) expect(await resolve(uri, { env })).toMatchObject({ runId });
  });

  it("gives a model to who signs in by the tracking URI, by code, or by ~/.mlflow/credentials", async () => {
    const [username = "", ...rest] = admin.split(":");
    const password = rest.join(":");
    const trackingUri = server.trackingUri.replace("//", `//${username}:${encodeURIComponent(password)}@`);
    expect(await resolve("models:/churn/1", { trackingUri })).toMatchObject({ runId });
    expect(await resolve("models:/churn/1", { credentials: { username, password } })).toMatchObject({ runId });

    const home = join(dataDir, "home");
    await mkdir(join(home, ".mlflow"), { recursive: true });
    const file = `[mlflow]\nmlflow_tracking_username = ${username}\nmlflow_tracking_password = ${password.replaceAll("%", "%%")}\n`;
    await writeFile(join(home, ".mlflow", "credentials"), file);
    expect(await resolve("models:/churn/1", { env: { HOME: home } })).toMatchObject({ runId });
  });

  it("asks who you are, and the error says how to sign in", async () => {
    for (const uri of uris()) {
      await expect(resolve(uri)).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
        message: expect.stringMatching(/asks who you are; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD/),
      });
    }
  });

  it("refuses a wrong password and an unknown user, and the error shows neither", async () => {
    for (const username of ["admin", "nobody"]) {
      const refused = resolve("models:/churn/1", { credentials: { username, password: "hunter2" } });
      await expect(refused).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      await expect(refused).rejects.toThrow("the user name, password or token is wrong or has expired");
      await expect(refused).rejects.not.toThrow("hunter2");
    }
  });

  it("does not let a user read the models of another", async () => {
    for (const uri of uris()) {
      await expect(resolve(uri, { credentials: joe })).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.stringContaining("the server does not let this user read it"),
      });
    }
  });
});

describe("a server without model registry", () => {
  it("is named as that, with what to do", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "mlflow-unregistered-"));
    // a registry that this server cannot open, as with the stores of files before MLflow 2
    const args = ["--registry-store-uri", "uc:http://127.0.0.1:1"];
    const server = await startMlflowServer({ python: mlflow2Python(), dataDir, args });
    try {
      for (const uri of ["models:/churn/1", "models:/churn@champion", "models:/churn/latest"]) {
        await expect(resolveModel(uri, { trackingUri: server.trackingUri })).rejects.toMatchObject({
          code: "FAILED_PRECONDITION",
          message: expect.stringMatching(/this server has no model registry. Name the model by runs:\//),
        });
      }
      const { id, artifactUri } = await new MlflowRest(server.trackingUri).createRun();
      await new MlflowRest(server.trackingUri).putModel(`${artifactUri}/model`);
      const { source } = await resolveModel(`runs:/${id}`, { trackingUri: server.trackingUri });
      expect(source).toMatchObject({ runId: id });
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
