import { describe, expect, it } from "vitest";

import type { ParentModel, VersionRequest } from "../../src/core/services.js";
import { LegacyModelManager } from "../../src/targets/aiplatform/legacy/model-manager.js";
import { PackageAsImage } from "../../src/targets/aiplatform/legacy/package-as-image.js";
import { LegacyVersionManager } from "../../src/targets/aiplatform/legacy/version-manager.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const model = "projects/acme/models/iris";
/** The platform may answer with the project's number. */
const numbered = "projects/123/models/iris";
const specHash = "5".repeat(64);
const labels = { "managed-by": "mlflow-deployments", deployment: "tester" };
const versionLabels = { ...labels, "spec-hash": "5".repeat(40) };

async function managers(answers: Answers) {
  const server = await googleServer(answers);
  const options = { connection: server.connection, project: "acme", clock: instantClock() };
  return {
    server,
    models: new LegacyModelManager({ ...options, regions: ["europe-west1"], onlinePredictionLogging: true }),
    versions: new LegacyVersionManager(options),
    context: recordingContext(),
  };
}

const parent: ParentModel = { name: model, id: "iris", displayName: "iris", exists: true };
const request: VersionRequest = {
  alias: "v_1",
  spec: {
    specHash,
    environmentHash: "e",
    modelHash: "m",
    modelUri: "runs:/1/model",
    flavor: null,
    settings: {
      predictionClass: "predictor.Predictor",
      runtimeVersion: "2.11",
      pythonVersion: "3.7",
      machineType: "mls1-c1-m2",
      minReplicaCount: 1,
      maxReplicaCount: 1,
      serviceAccount: null,
    },
  },
  imageUri: "gs://acme/bundles/deploy_from_script-1.tar.gz",
  artifactUri: "gs://acme/models/1",
  labels: versionLabels,
  env: {},
  encryptionKey: null,
  explanationSpec: null,
};

/** A version as the platform answers it. */
function version(name: string, changes: Record<string, unknown> = {}) {
  return {
    name: `${numbered}/versions/${name}`,
    state: "READY",
    labels: versionLabels,
    deploymentUri: request.artifactUri,
    packageUris: [request.imageUri],
    ...changes,
  };
}

const toVersion = (versionId: string, aliases = [versionId]) => ({
  model,
  versionId,
  aliases,
  labels: versionLabels,
  artifactUri: request.artifactUri,
  imageUri: request.imageUri,
  env: {},
  createTime: null,
});

describe("the model", () => {
  const owner = { deploymentName: "tester", labels, description: "Irises" };

  it("is left as it is where it is there", async () => {
    const { models, server, context } = await managers({ [`GET /v1/${model}`]: { json: { name: numbered } } });
    expect(await models.ensure("iris", context, owner)).toEqual({ ...parent, made: false });
    expect(server.requests).toHaveLength(1);
  });

  it("is made with region, logging, labels, and the name of its deployment", async () => {
    const { models, server, context } = await managers({ "POST /v1/projects/acme/models": { json: {} } });
    expect(await models.ensure("iris", context, owner)).toEqual({ ...parent, made: true });
    expect(server.requests[1]?.body).toEqual({
      name: "iris",
      description: 'Irises\n\nMLflow deployment: "tester"',
      regions: ["europe-west1"],
      onlinePredictionLogging: true,
      onlinePredictionConsoleLogging: true,
      labels,
    });
  });

  it("is only looked for where it is made for nobody", async () => {
    const { models, server, context } = await managers({});
    expect(await models.ensure("iris", context)).toEqual({ ...parent, exists: false, made: false });
    expect(server.requests).toHaveLength(1);
  });

  it("may be made by another process first", async () => {
    const { models, context } = await managers({
      "POST /v1/projects/acme/models": googleFailure(409, "ALREADY_EXISTS", "Field: model.name Error: taken."),
    });
    expect(await models.ensure("iris", context, owner)).toEqual({ ...parent, made: false });
  });
});

describe("the image", () => {
  it("is the package itself, by the URI of its upload", async () => {
    const image = new PackageAsImage();
    const source = { bucket: "acme", object: "a/b.tar.gz", generation: "1" };
    expect(await image.ensure({ environmentHash: "e", source, directory: "d" })).toEqual({
      uri: "gs://acme/a/b.tar.gz",
      built: false,
    });
    expect(await image.find()).toBeNull();
  });
});

describe("finding a version", () => {
  const list = `GET /v1/${model}/versions`;

  it("looks through all pages for one that serves the spec", async () => {
    const { versions, context } = await managers({
      [list]: ({ query }) =>
        query["pageToken"]
          ? { json: { versions: [version("v_1", { isDefault: true })] } }
          : { json: { versions: [version("v_0", { labels: {} })], nextPageToken: "next" } },
    });
    expect(await versions.find(parent, request, context)).toEqual(toVersion("v_1", ["default", "v_1"]));
  });

  it("finds none that is still being made, or has failed", async () => {
    const unready = [version("v_1", { state: "CREATING" }), version("v_2", { state: "FAILED" })];
    const { versions, context } = await managers({ [list]: { json: { versions: unready } } });
    expect(await versions.find(parent, request, context)).toBeNull();
  });

  it("refuses a name that another spec has, unless that has failed", async () => {
    const other = { labels: { ...labels, "spec-hash": "6".repeat(40) } };
    const taken = await managers({ [list]: { json: { versions: [version("v_1", other)] } } });
    await expect(taken.versions.find(parent, request, taken.context)).rejects.toMatchObject({
      code: "RESOURCE_ALREADY_EXISTS",
    });
    const failed = await managers({ [list]: { json: { versions: [version("v_1", { ...other, state: "FAILED" })] } } });
    expect(await failed.versions.find(parent, request, failed.context)).toBeNull();
  });

  it("finds none where there is no model", async () => {
    const { versions, context } = await managers({});
    expect(await versions.find(parent, request, context)).toBeNull();
  });
});

describe("making a version", () => {
  const create = `POST /v1/${model}/versions`;
  const operation = "projects/acme/operations/create_iris_v_1-1";
  const done = (response: unknown) => ({ json: { name: operation, done: true, response } });

  it("sends a custom prediction routine, and gives the version as it is when it is ready", async () => {
    const { versions, server, context } = await managers({
      [`GET /v1/${model}/versions/v_1`]: [
        googleFailure(404, "NOT_FOUND", "No."),
        { json: version("v_1", { isDefault: true }) },
      ],
      [create]: { json: { name: operation } },
      [`GET /v1/${operation}`]: [{ json: { name: operation } }, done(version("v_1"))],
    });
    const started = await versions.create(parent, request, context);
    expect(started.name).toBe(operation);
    expect(await started.wait()).toEqual(toVersion("v_1", ["default", "v_1"]));
    expect(server.requests.find(({ method }) => method === "POST")?.body).toEqual({
      name: "v_1",
      description: `Made by mlflow-deployments of spec ${"5".repeat(16)}.`,
      labels: versionLabels,
      deploymentUri: "gs://acme/models/1",
      packageUris: ["gs://acme/bundles/deploy_from_script-1.tar.gz"],
      predictionClass: "predictor.Predictor",
      runtimeVersion: "2.11",
      pythonVersion: "3.7",
      machineType: "mls1-c1-m2",
      manualScaling: { nodes: 1 },
    });
  });

  it("names it by its spec, and scales it, where the settings say so", async () => {
    const { versions, server, context } = await managers({ [create]: { json: { name: operation } } });
    const spec = {
      ...request.spec,
      settings: { ...request.spec.settings, maxReplicaCount: 3, serviceAccount: "a@acme.iam.gserviceaccount.com" },
    };
    await versions.create(parent, { ...request, alias: null, spec }, context);
    expect(server.requests.at(-1)?.body).toMatchObject({
      name: `v_${"5".repeat(16)}`,
      autoScaling: { minNodes: 1, maxNodes: 3 },
      serviceAccount: "a@acme.iam.gserviceaccount.com",
    });
  });

  it("removes before it what a failed attempt has left under the name", async () => {
    const removal = "projects/acme/operations/delete";
    const { versions, server, context } = await managers({
      [`GET /v1/${model}/versions/v_1`]: { json: version("v_1", { state: "FAILED" }) },
      [`DELETE /v1/${model}/versions/v_1`]: { json: { name: removal } },
      [`GET /v1/${removal}`]: { json: { name: removal, done: true } },
      [create]: { json: { name: operation } },
    });
    await versions.create(parent, request, context);
    expect(server.lines().slice(1)).toEqual([`DELETE /v1/${model}/versions/v_1`, `GET /v1/${removal}`, create]);
  });

  it("passes on why the platform could not load the model", async () => {
    const { versions, context } = await managers({
      [create]: { json: { name: operation } },
      [`GET /v1/${operation}`]: {
        json: { name: operation, done: true, error: { code: 9, message: "Create Version failed. Bad model detected" } },
      },
    });
    const started = await versions.create(parent, request, context);
    await expect(started.wait()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("Bad model detected"),
    });
  });

  const path = `${model}/versions/v_1`;
  const removal = "projects/acme/operations/delete";
  const failed = {
    [`GET /v1/${operation}`]: {
      json: {
        name: operation,
        done: true,
        error: { code: 9, message: "Bad model detected" },
        metadata: { modelName: model, version: { name: `${numbered}/versions/v_1` } },
      },
    },
    [`GET /v1/${path}`]: [googleFailure(404, "NOT_FOUND", "No."), { json: version("v_1", { state: "FAILED" }) }],
    [`DELETE /v1/${path}`]: { json: { name: removal } },
    [`GET /v1/${removal}`]: { json: { name: removal, done: true } },
    [`GET /v1/${model}`]: { json: { name: numbered, labels } },
    [`DELETE /v1/${model}`]: { json: { name: removal } },
  } satisfies Answers;
  const deletions = (server: { lines: () => string[] }) => server.lines().filter((line) => line.startsWith("DELETE"));

  it("leaves neither version nor empty model when it fails", async () => {
    const { versions, server, context } = await managers({ ...failed, [create]: { json: { name: operation } } });
    const started = await versions.create(parent, request, context);
    await expect(started.wait()).rejects.toMatchObject({ message: expect.stringContaining("Bad model detected") });
    expect(deletions(server)).toEqual([`DELETE /v1/${path}`, `DELETE /v1/${model}`]);
  });

  it("leaves the model that has other versions", async () => {
    const { versions, server, context } = await managers({
      ...failed,
      [`GET /v1/${model}/versions`]: { json: { versions: [version("v_0")] } },
      [create]: { json: { name: operation } },
    });
    const started = await versions.create(parent, request, context);
    await expect(started.wait()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(deletions(server)).toEqual([`DELETE /v1/${path}`]);
  });

  it("leaves nothing either where another process has begun it", async () => {
    const there = { [`GET /v1/${path}`]: { json: version("v_1", { state: "FAILED" }) } };
    const { versions, server } = await managers({ ...failed, ...there });
    await expect(versions.attach(operation).wait()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(deletions(server)).toEqual([`DELETE /v1/${path}`, `DELETE /v1/${model}`]);
  });

  it("leaves no empty model when it is refused", async () => {
    const { versions, server, context } = await managers({
      ...failed,
      [`GET /v1/${path}`]: googleFailure(404, "NOT_FOUND", "No."),
      [create]: googleFailure(400, "INVALID_ARGUMENT", "Field: version.runtime_version Error: None such."),
    });
    await expect(versions.create(parent, request, context)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("None such"),
    });
    expect(deletions(server)).toEqual([`DELETE /v1/${model}`]);
  });

  it("leaves all as it is when no answer came, which may hide a version that is being made", async () => {
    const { versions, server, context } = await managers({
      ...failed,
      [create]: googleFailure(409, "ABORTED", "Busy."),
    });
    await expect(versions.create(parent, request, context)).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
    expect(deletions(server)).toEqual([]);
  });

  it("says what a failure leaves that cannot be deleted, after the failure itself", async () => {
    const { versions, context } = await managers({
      ...failed,
      [create]: { json: { name: operation } },
      [`DELETE /v1/${path}`]: googleFailure(403, "PERMISSION_DENIED", "Not allowed."),
    });
    const started = await versions.create(parent, request, context);
    await expect(started.wait()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/Bad model detected.*could not be cleaned up.*Not allowed.*deleteDeployment/),
    });
  });

  it("is known again among the project's unfinished operations", async () => {
    const metadata = (operationType: string, modelName: string) => ({ metadata: { operationType, modelName } });
    const { versions, context } = await managers({
      "GET /v1/projects/acme/operations": {
        json: {
          operations: [
            { name: "a", ...metadata("CREATE_VERSION", model) },
            { name: "b", done: true, ...metadata("CREATE_VERSION", model) },
            { name: "c", ...metadata("CREATE_VERSION", "projects/acme/models/other") },
            { name: "d", ...metadata("DELETE_VERSION", model) },
            { name: "e", ...metadata("CREATE_VERSION", "iris") },
          ],
        },
      },
    });
    expect((await versions.running(parent, context))?.map(({ name }) => name)).toEqual(["a", "e"]);
  });
});

describe("a version that is there", () => {
  const path = `${model}/versions/v_1`;

  it("is read by its name, or as its model's default", async () => {
    const { versions, context } = await managers({
      [`GET /v1/${path}`]: { json: version("v_1") },
      [`GET /v1/${model}`]: { json: { name: numbered, defaultVersion: version("v_1", { isDefault: true }) } },
    });
    expect(await versions.get(`${model}@v_1`, context)).toEqual(toVersion("v_1"));
    expect(await versions.get(model, context)).toEqual(toVersion("v_1", ["default", "v_1"]));
    expect(await versions.get(`${model}@v_2`, context)).toBeNull();
  });

  it("keeps its labels, and refuses others", async () => {
    const { versions, server, context } = await managers({ [`GET /v1/${path}`]: { json: version("v_1") } });
    const name = { model, versionId: "v_1" };
    expect(await versions.setLabels(name, versionLabels, context)).toEqual(toVersion("v_1"));
    await expect(versions.setLabels(name, { team: "x" }, context)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
    });
    expect(server.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  const operation = "projects/acme/operations/delete";
  const deleting = {
    [`DELETE /v1/${path}`]: { json: { name: operation } },
    [`GET /v1/${operation}`]: { json: { name: operation, done: true } },
  };

  it("is deleted with its model when it is the last one of a model of this package", async () => {
    const { versions, server, context } = await managers({
      ...deleting,
      [`GET /v1/${model}/versions`]: { json: {} },
      [`GET /v1/${model}`]: { json: { name: numbered, labels } },
      [`DELETE /v1/${model}`]: { json: { name: operation } },
    });
    expect(await versions.delete({ model, versionId: "v_1" }, context)).toBe(true);
    expect(server.lines()).toContain(`DELETE /v1/${model}`);
  });

  it.each([
    ["of another's", { json: {} }, { json: { name: numbered } }],
    ["that has other versions", { json: { versions: [version("v_2")] } }, { json: { name: numbered, labels } }],
  ])("leaves a model %s", async (_which, left, found) => {
    const { versions, server, context } = await managers({
      ...deleting,
      [`GET /v1/${model}/versions`]: left,
      [`GET /v1/${model}`]: found,
    });
    expect(await versions.delete({ model, versionId: "v_1" }, context)).toBe(true);
    expect(server.lines()).not.toContain(`DELETE /v1/${model}`);
  });

  it("may be gone already", async () => {
    const { versions, context } = await managers({});
    expect(await versions.delete({ model, versionId: "v_1" }, context)).toBe(false);
  });
});
