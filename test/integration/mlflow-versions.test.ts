import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startMlflowServer } from "../../scripts/demo/mlflow-server.js";
import type { ResolvedModel } from "../../src/core/model.js";
import { MlflowModelResolver } from "../../src/mlflow/model-resolver.js";
import { run as runProgram } from "../../src/runtime/process.js";
import { modelFiles, MlflowRest } from "../support/mlflow-rest.js";
import { mlflow2Python } from "../support/python.js";
import { resolveModel } from "../support/resolve.js";
import { startFakeServer } from "../unit/mlflow-fake-server.js";

type Version = "2.22" | "3.17";
/** Of each version, one server. */
const servers = {} as Record<Version, string>;
let dataDir: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mlflow2-"));
  const server = await startMlflowServer({ python: mlflow2Python(), dataDir });
  stop = () => server.stop();
  servers["2.22"] = server.trackingUri;
  servers["3.17"] = inject("trackingUri");
});
afterAll(async () => {
  await stop?.();
  await rm(dataDir, { recursive: true, force: true });
});

const resolve = (version: Version, uri: string): Promise<ResolvedModel> =>
  resolveModel(uri, { trackingUri: servers[version] });
const restOf = (version: Version): MlflowRest => new MlflowRest(servers[version]);

/** Changes a version in the database of MLflow 2's server, for what no API of it does. */
async function changeVersion(name: string, version: string, values: Record<string, string | null>): Promise<void> {
  const columns = Object.keys(values).map((column) => `${column} = ?`);
  const statement = `UPDATE model_versions SET ${columns.join(", ")} WHERE name = ? AND version = ?`;
  const program =
    "import json, sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute(*json.loads(sys.argv[2]))";
  const query = JSON.stringify([statement, [...Object.values(values), name, Number(version)]]);
  const args = ["-I", "-c", program, join(dataDir, "mlflow.db"), query];
  expect(await runProgram({ command: mlflow2Python(), args })).toMatchObject({ code: 0 });
}

describe.each(["2.22", "3.17"] as const)("a model of MLflow %s", (version) => {
  let runId: string;
  let root: string;
  beforeAll(async () => {
    const rest = restOf(version);
    ({ id: runId, artifactUri: root } = await rest.createRun());
    await rest.putModel(`${root}/model`);
    for (const source of [`${root}/model`, `runs:/${runId}/model`, "models:/churn/1"]) {
      await rest.createVersion("churn", source, runId);
    }
    await rest.post("registered-models/alias", { name: "churn", alias: "champion", version: "1" });
    await rest.post("model-versions/transition-stage", { name: "churn", version: "1", stage: "Production" });
  });

  it.each([
    ["a run and a path", () => `runs:/${runId}/model`, "", null],
    ["a run alone", () => `runs:/${runId}`, "", null],
    ["a run and a path within the model", () => `runs:/${runId}/model/parts/scaler/`, "/parts/scaler", null],
    ["a version", () => "models:/churn/1", "", "1"],
    ["a version and a path", () => "models:/churn/1/parts/scaler", "/parts/scaler", "1"],
    ["a version with zeros before it", () => "models:/churn/01", "", "1"],
    ["a version that was made of runs:/", () => "models:/churn/2", "", "2"],
    ["a version that was made of another version", () => "models:/churn/3", "", "3"],
    ["the latest version", () => "models:/churn/latest", "", "3"],
    ["the latest version in capitals, and a path", () => "models:/churn/LATEST/parts/scaler", "/parts/scaler", "3"],
    ["a stage", () => "models:/churn/Production", "", "1"],
    ["a stage in small letters, and a path", () => "models:/churn/production/parts/scaler", "/parts/scaler", "1"],
    ["the stage of all others", () => "models:/churn/None", "", "3"],
    ["an alias", () => "models:/churn@champion", "", "1"],
    ["an alias and a path", () => "models:/churn@champion/parts/scaler", "/parts/scaler", "1"],
    ["its artifacts", () => `${root}/model`, "", null],
    [
      "its artifacts on a named host",
      () => root.replace(":/", `://${new URL(servers[version]).host}/`) + "/model",
      "",
      null,
    ],
  ])("is found by %s", async (_form, uri, path, registered) => {
    const model = await resolve(version, uri());
    const named = uri().startsWith("mlflow-artifacts://") ? uri() : `${root}/model${path}`;
    expect(model.source).toEqual({
      uri: uri(),
      artifactUri: named,
      runId: uri().startsWith("mlflow-artifacts:") ? null : runId,
      modelId: null,
      registeredModel: registered === null ? null : { name: "churn", version: registered },
    });
    const expected = path === "" ? Object.keys(modelFiles) : ["MLmodel"];
    expect(model.files.map((file) => file.path)).toEqual(expected.toSorted());
  });

  it("is described without being brought here", async () => {
    const resolver = new MlflowModelResolver({ trackingUri: servers[version], env: { HOME: dataDir } });
    const described = await resolver.describe({ modelUri: "models:/churn@champion" }, { report: () => {} });
    const { source, metadata } = await resolve(version, "models:/churn@champion");
    expect(described).toEqual({ source, metadata });
    const wrong = resolver.describe({ modelUri: "models:/churn/1", flavor: "pytorch" }, { report: () => {} });
    await expect(wrong).rejects.toThrow('has no flavor "pytorch"');
  });

  it.each([
    ["runs:/00000000000000000000000000000000/model", 'run "0000[0]+" from .*not found'],
    [
      "models:/churn/999",
      'The model "churn" at http.* has no version 999; it has the versions 3, 2, 1 and the alias champion\\.',
    ],
    ["models:/churn/99999999999999999999", "has no version 99999999999999999999; it has the versions 3, 2, 1"],
    ["models:/churn@nobody", 'has no alias "nobody"; it has the versions 3, 2, 1 and the alias champion\\.'],
    ["models:/churn@v 1", 'has no alias "v 1"; it has'],
    [
      "models:/churn/Staging",
      'has no version in the stage "Staging"; it has the versions 3, 2, 1 and the alias champion\\.',
    ],
    [
      "models:/churn/champion",
      'has no version in the stage "champion"; it has the versions 3, 2, 1 and the alias champion\\.',
    ],
    ["models:/churm/1", 'The registry at http.* has no model "churm"; it has .*churn'],
    ["models:/churm@champion", 'The registry at http.* has no model "churm"; it has .*churn'],
    ["models:/churm/latest", 'The registry at http.* has no model "churm"; it has .*churn'],
    ["models:/churn/1/scaler", "nothing is there\\. Models are at models:/churn/1, models:/churn/1/parts/scaler\\."],
    ["models:/churn/1/parts", "there are scaler/\\. Models are at models:/churn/1/parts/scaler\\."],
    [
      "models:/churn@champion/data",
      "there are weights\\. Models are at models:/churn/1, models:/churn/1/parts/scaler\\.",
    ],
    ["mlflow-artifacts:/no/such/place", "nothing is there"],
  ])("is not mistaken for %s, and the error says what there is", async (uri, message) => {
    await expect(resolve(version, uri)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringMatching(new RegExp(message)),
    });
  });

  it("is named where the path in its run is wrong, also when only the files show it", async () => {
    const models = `Models are at runs:/${runId}/model, runs:/${runId}/model/parts/scaler.`;
    for (const path of ["modle", "model/MLmodel"]) {
      await expect(resolve(version, `runs:/${runId}/${path}`)).rejects.toThrow(`nothing is there. ${models}`);
    }
  });

  it("of a deleted run is not found by the run any more, but by its version", async () => {
    const rest = restOf(version);
    const { id, artifactUri } = await rest.createRun();
    await rest.putModel(`${artifactUri}/model`);
    await rest.createVersion("kept", `runs:/${id}/model`, id);
    await rest.post("runs/delete", { run_id: id });
    for (const uri of [`runs:/${id}/model`, `runs:/${id}`]) {
      await expect(resolve(version, uri)).rejects.toMatchObject({
        code: "RESOURCE_DOES_NOT_EXIST",
        message: expect.stringContaining(`The run "${id}" is deleted in MLflow`),
      });
    }
    expect((await resolve(version, "models:/kept/1")).source).toMatchObject({ runId: id });
  });
});

describe("a logged model, which came with MLflow 3,", () => {
  let runId: string;
  let scorer: { id: string; artifactUri: string };
  const rest = (): MlflowRest => restOf("3.17");
  beforeAll(async () => {
    ({ id: runId } = await rest().createRun());
    scorer = await rest().createLoggedModel(runId, "scorer");
    await rest().createVersion("scorer", `models:/${scorer.id}`, runId);
  });

  it.each([
    ["its id", () => `models:/${scorer.id}`, ""],
    ["its run and name", () => `runs:/${runId}/scorer`, ""],
    ["its run and name, and a path", () => `runs:/${runId}/scorer/parts/scaler`, "/parts/scaler"],
    ["its run alone", () => `runs:/${runId}`, ""],
    ["a registered version", () => "models:/scorer/1", ""],
    ["a registered version and a path", () => "models:/scorer/1/parts/scaler", "/parts/scaler"],
  ])("is found by %s", async (_form, uri, path) => {
    const { source } = await resolve("3.17", uri());
    expect(source).toMatchObject({ artifactUri: `${scorer.artifactUri}${path}`, runId });
    // the download URI of a version leads to its files, not to the logged model
    expect(source.modelId).toBe(uri().startsWith("models:/scorer") ? null : scorer.id);
  });

  it("is looked for in vain on a server of MLflow 2, which says so", async () => {
    for (const uri of [`models:/${scorer.id}`, "models:/churn"]) {
      await expect(resolve("2.22", uri)).rejects.toThrow("the server has no logged models. They came with MLflow 3;");
    }
  });

  it("is told from a registered model without a version, and has no path", async () => {
    await expect(resolve("3.17", "models:/scorer")).rejects.toThrow(
      "A registered model is models:/scorer/VERSION or models:/scorer@ALIAS.",
    );
    await expect(resolve("3.17", `models:/${scorer.id}/parts`)).rejects.toThrow(
      `The URI of a logged model is models:/${scorer.id}, without a path.`,
    );
  });

  it("is listed with the others of its run, where the URI does not say which", async () => {
    const { id } = await rest().createRun();
    const [first, second] = [await rest().createLoggedModel(id, "a"), await rest().createLoggedModel(id, "a")];
    await rest().createLoggedModel(id, "b");
    const models = [`models:/${first.id}`, `models:/${second.id}`, `runs:/${id}/b`];
    const refused = resolve("3.17", `runs:/${id}`);
    await expect(refused).rejects.toThrow("logged 3 models; choose one, such as");
    await expect(refused).rejects.toSatisfy((error: Error) => models.every((uri) => error.message.includes(uri)));
    await expect(resolve("3.17", `runs:/${id}/c`)).rejects.toThrow("nothing is there. Models are at");
  });

  it.each(["LOGGED_MODEL_PENDING", "LOGGED_MODEL_UPLOAD_FAILED"])(
    "is refused while its status is %s",
    async (status) => {
      const { id } = await rest().createRun();
      const model = await rest().createLoggedModel(id, "half");
      await rest().setStatus(model.id, status);
      for (const uri of [`models:/${model.id}`, `runs:/${id}/half`, `runs:/${id}`]) {
        await expect(resolve("3.17", uri)).rejects.toMatchObject({
          code: "FAILED_PRECONDITION",
          message: expect.stringMatching(`has not got all files of the logged model "${model.id}" .*${status}`),
        });
      }
    },
  );
});

describe("a version that MLflow has not registered completely", () => {
  it.each([
    ["PENDING_REGISTRATION", "Wait until it is registered."],
    ["FAILED_REGISTRATION", "Register the model again, or take another version."],
  ])("is refused with its status %s", async (status, advice) => {
    const { artifactUri } = await restOf("2.22").createRun();
    const version = await restOf("2.22").createVersion("half", artifactUri);
    // no API of this registry sets it, but other registries do
    await changeVersion("half", version, { status, status_message: "the disk was full" });
    await expect(resolve("2.22", `models:/half/${version}`)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `MLflow has no complete model at version ${version} of the model "half" (${status}, the disk was full). ${advice}`,
    });
  });
});

describe("a registry of its own", () => {
  const options = () => ({ trackingUri: servers["3.17"], registryUri: servers["2.22"] });

  it("is where registered models are, whose runs, logged models and artifacts are the tracking server's", async () => {
    const [tracking, registry] = [restOf("3.17"), restOf("2.22")];
    const run = await tracking.createRun();
    await tracking.putModel(`${run.artifactUri}/model`);
    const logged = await tracking.createLoggedModel(run.id, "scorer");
    for (const source of [`runs:/${run.id}/model`, `${run.artifactUri}/model`, "gs://bucket/model"]) {
      await registry.createVersion("elsewhere", source);
    }
    // an older registry refuses to register a logged model
    await changeVersion("elsewhere", "3", { source: `models:/${logged.id}`, storage_location: null });
    const place = async (uri: string) => (await resolveModel(uri, options())).source;
    expect(await place("models:/elsewhere/1")).toMatchObject({
      artifactUri: `${run.artifactUri}/model`,
      runId: run.id,
    });
    expect(await place("models:/elsewhere/2")).toMatchObject({ artifactUri: `${run.artifactUri}/model` });
    expect(await place("models:/elsewhere/latest")).toMatchObject({
      artifactUri: logged.artifactUri,
      modelId: logged.id,
      registeredModel: { name: "elsewhere", version: "3" },
    });
    expect(await place(`runs:/${run.id}/model`)).toMatchObject({ runId: run.id, registeredModel: null });
    await expect(place("models:/iris/1")).rejects.toThrow(`The registry at ${servers["2.22"]} has no model "iris"`);
  });

  it("is taken from MLFLOW_REGISTRY_URI, and enough for a model that needs no tracking server", async () => {
    const env = { HOME: dataDir, MLFLOW_REGISTRY_URI: servers["2.22"] };
    const version = await restOf("2.22").createVersion("stored", "wasbs://container@host/model");
    await expect(resolveModel(`models:/stored/${version}`, { env })).rejects.toThrow("The files at wasbs:");
    const proxied = await restOf("2.22").createVersion("stored", "mlflow-artifacts:/0/model");
    await expect(resolveModel(`models:/stored/${proxied}`, { env })).rejects.toThrow("needs an MLflow tracking server");
  });
});

it("a version's artifacts on another host are asked for without credentials", async () => {
  const other = await startFakeServer();
  try {
    const { host } = new URL(other.uri);
    for (const source of [
      `mlflow-artifacts://${host}/m`,
      `mlflow-artifacts://u:p@${host}/m`,
      `${other.uri}/api/2.0/mlflow-artifacts/artifacts/m`,
    ]) {
      const version = await restOf("2.22").createVersion("evil", source);
      const options = { trackingUri: servers["2.22"], credentials: { token: "secret" } };
      await expect(resolveModel(`models:/evil/${version}`, options)).rejects.toThrow("Is this an MLflow server?");
    }
    expect(other.requests.length).toBeGreaterThanOrEqual(3);
    expect(new Set(other.requests.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
  } finally {
    await other.close();
  }
});
