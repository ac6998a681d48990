import { describe, expect, it } from "vitest";

import type { ParentModel, VersionRequest } from "../../src/core/services.js";
import { VertexModelManager } from "../../src/targets/aiplatform/vertex/model-manager.js";
import { VertexVersionManager } from "../../src/targets/aiplatform/vertex/version-manager.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const place = "projects/acme/locations/europe-west1";
/** Vertex AI answers with the project's number. */
const numbered = "projects/123/locations/europe-west1";
const model = `${place}/models/iris-1`;

async function managers(answers: Answers) {
  const server = await googleServer(answers);
  const options = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
  return {
    server,
    models: new VertexModelManager(options),
    versions: new VertexVersionManager(options),
    context: recordingContext(),
  };
}

const parent: ParentModel = { name: model, id: "iris-1", displayName: "iris", exists: true };
const request: VersionRequest = {
  alias: "v-1",
  spec: {
    specHash: "5".repeat(64),
    environmentHash: "e",
    modelHash: "m",
    modelUri: "runs:/1/model",
    flavor: null,
    settings: {},
  },
  imageUri: "europe-west1-docker.pkg.dev/acme/images/serving@sha256:1",
  artifactUri: "gs://models/iris",
  labels: { "spec-hash": "5".repeat(40), team: "x" },
  env: { GREETING: "$(HOME) $& costs $5" },
  encryptionKey: "key",
  explanationSpec: null,
};

/** A version as Vertex AI answers it. */
function version(versionId: string, changes: Record<string, unknown> = {}) {
  return {
    name: `${numbered}/models/iris-1@${versionId}`,
    versionId,
    versionAliases: [],
    labels: { "spec-hash": "5".repeat(40) },
    artifactUri: "gs://models/iris/",
    containerSpec: { imageUri: request.imageUri },
    ...changes,
  };
}

describe("the registry model", () => {
  it("is looked up by the id of its name, and made by no request of its own", async () => {
    const { models, server, context } = await managers({});
    const found = await models.ensure("iris", context);
    expect(found).toMatchObject({ exists: false, displayName: "iris", name: `${place}/models/${found.id}` });
    expect(server.lines()).toEqual([`GET /v1/${found.name}`]);
  });
});

describe("finding a version", () => {
  const list = `GET /v1/${model}:listVersions`;

  it("looks through all pages for one that was made of the same spec, artifacts and image", async () => {
    const { versions, context, server } = await managers({
      [list]: ({ query }) =>
        query["pageToken"]
          ? { json: { models: [version("2", { versionAliases: ["v-1"] })] } }
          : { json: { models: [version("1", { artifactUri: "gs://models/other" })], nextPageToken: "next" } },
    });
    expect(await versions.find(parent, request, context)).toEqual({
      model,
      versionId: "2",
      aliases: ["v-1"],
      labels: { "spec-hash": "5".repeat(40) },
      artifactUri: "gs://models/iris/",
      imageUri: request.imageUri,
      env: {},
      createTime: null,
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ["artifacts", { artifactUri: "gs://models/other" }],
    ["image", { containerSpec: { imageUri: "other" } }],
    ["spec", { labels: { "spec-hash": "6".repeat(40) } }],
  ])("does not take one of another %s for it, whatever the labels say", async (_what, changes) => {
    const { versions, context } = await managers({ [list]: { json: { models: [version("1", changes)] } } });
    expect(await versions.find(parent, request, context)).toBeNull();
  });

  it("knows its own by the description when another version's label covers its own", async () => {
    const covered = version("1", {
      labels: { "spec-hash": "6".repeat(40) },
      versionDescription: `Made by mlflow-deployments of spec ${"5".repeat(40)}.`,
    });
    const { versions, context } = await managers({ [list]: { json: { models: [covered] } } });
    expect(await versions.find(parent, request, context)).toMatchObject({ versionId: "1" });
  });

  it("fails when the wanted alias belongs to another version, and names it", async () => {
    const taken = version("3", { versionAliases: ["v-1"], artifactUri: "gs://models/other" });
    const { versions, context } = await managers({ [list]: { json: { models: [taken] } } });
    await expect(versions.find(parent, request, context)).rejects.toMatchObject({
      code: "RESOURCE_ALREADY_EXISTS",
      message: expect.stringMatching(/"v-1".*version 3.*versionName/),
    });
  });

  it("finds none where there is no model", async () => {
    const { versions, context } = await managers({});
    expect(await versions.find(parent, request, context)).toBeNull();
  });
});

describe("making a version", () => {
  const answers: Answers = {
    [`POST /v1/${place}/models:upload`]: { json: { name: `${numbered}/models/iris-1/operations/9` } },
    [`GET /v1/${numbered}/models/iris-1/operations/9`]: {
      json: { done: true, response: { model: `${numbered}/models/iris-1`, modelVersionId: "4" } },
    },
    [`GET /v1/${model}@4`]: { json: version("4", { versionAliases: ["default", "v-1"] }) },
  };

  it("uploads it to the model, and reads what was made under the project's own name", async () => {
    const { versions, context, server } = await managers(answers);
    const operation = await versions.create(parent, request, context);
    expect(await operation.wait()).toMatchObject({ model, versionId: "4", aliases: ["default", "v-1"] });
    expect(server.requests[0]?.body).toEqual({
      parentModel: model,
      model: {
        displayName: "iris",
        versionDescription: `Made by mlflow-deployments of spec ${"5".repeat(40)}.`,
        versionAliases: ["v-1"],
        labels: request.labels,
        artifactUri: "gs://models/iris",
        encryptionSpec: { kmsKeyName: "key" },
        containerSpec: {
          imageUri: request.imageUri,
          env: [{ name: "GREETING", value: "$$(HOME) $& costs $5" }],
          predictRoute: "/predict",
          healthRoute: "/health",
          ports: [{ containerPort: 8080 }],
        },
      },
    });
  });

  it("says how its predictions are explained, and how long its container may take to get healthy", async () => {
    const { versions, context, server } = await managers(answers);
    const explanationSpec = {
      parameters: { sampledShapleyAttribution: { pathCount: 10 } },
      metadata: { inputs: { a: {} }, outputs: { b: {} } },
    };
    await versions.create(parent, { ...request, explanationSpec, deploymentTimeout: 900 }, context);
    expect(server.requests[0]?.body).toMatchObject({
      model: { explanationSpec, containerSpec: { deploymentTimeout: "900s" } },
    });
  });

  it("makes the model with the first one, under the id of its name", async () => {
    const { versions, context, server } = await managers(answers);
    await versions.create({ ...parent, exists: false }, { ...request, alias: null }, context);
    expect(server.requests[0]?.body).toMatchObject({ modelId: "iris-1" });
    expect(server.requests[0]?.body).not.toHaveProperty("parentModel");
    expect(server.requests[0]?.body).not.toHaveProperty("model.versionAliases");
  });

  it("does not send the upload twice when its answer is lost", async () => {
    const { versions, context, server } = await managers({ [`POST /v1/${place}/models:upload`]: "broken" });
    await expect(versions.create(parent, request, context)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(server.requests).toHaveLength(1);
  });

  it("can be attached to by the operation's name", async () => {
    const { versions } = await managers(answers);
    expect(await versions.attach(`${numbered}/models/iris-1/operations/9`).wait()).toMatchObject({ versionId: "4" });
  });
});

describe("uploads that run already", () => {
  const operations = `GET /v1/${model}/operations`;
  const operation = (id: string, changes: Record<string, unknown> = {}, type = "UploadModelOperationMetadata") => ({
    name: `${numbered}/models/iris-1/operations/${id}`,
    metadata: {
      "@type": `type.googleapis.com/google.cloud.aiplatform.v1.${type}`,
      genericMetadata: { createTime: "2026-11-23T12:00:05Z" },
    },
    ...changes,
  });

  it("are the unfinished uploads", async () => {
    const { versions, context } = await managers({
      [operations]: {
        json: {
          operations: [operation("1"), operation("2", { done: true }), operation("4", {}, "DeleteOperationMetadata")],
        },
      },
    });
    const running = await versions.running(parent, context);
    expect(running?.map(({ name }) => name)).toEqual([`${numbered}/models/iris-1/operations/1`]);
  });

  it("are none of a model that does not exist", async () => {
    const { versions, context } = await managers({ [operations]: googleFailure(404, "NOT_FOUND", "No.") });
    expect(await versions.running(parent, context)).toEqual([]);
  });

  it("are not known where the platform does not list operations", async () => {
    const { versions, context } = await managers({ [operations]: googleFailure(501, "UNIMPLEMENTED", "No.") });
    expect(await versions.running(parent, context)).toBeNull();
  });
});

describe("deleting a version", () => {
  const list = `GET /v1/${model}:listVersions`;
  const done = { json: { done: true } };

  it("deletes the model when it is the only one", async () => {
    const { versions, context, server } = await managers({
      [list]: { json: { models: [version("1")] } },
      [`DELETE /v1/${model}`]: { json: { name: `${model}/operations/1` } },
      [`GET /v1/${model}/operations/1`]: done,
    });
    expect(await versions.delete({ model, versionId: "1" }, context)).toBe(true);
    expect(server.lines()).toContain(`DELETE /v1/${model}`);
  });

  it("makes the newest of the others the default one before the default one goes", async () => {
    const { versions, context, server } = await managers({
      [list]: { json: { models: [version("9"), version("10"), version("2", { versionAliases: ["default"] })] } },
      [`POST /v1/${model}@10:mergeVersionAliases`]: { json: {} },
      [`DELETE /v1/${model}@2:deleteVersion`]: { json: { name: `${model}/operations/1` } },
      [`GET /v1/${model}/operations/1`]: done,
    });
    expect(await versions.delete({ model, versionId: "2" }, context)).toBe(true);
    expect(server.lines().slice(1, 3)).toEqual([
      `POST /v1/${model}@10:mergeVersionAliases`,
      `DELETE /v1/${model}@2:deleteVersion`,
    ]);
  });

  it("does nothing when there is none", async () => {
    const { versions, context, server } = await managers({ [list]: { json: { models: [version("1")] } } });
    expect(await versions.delete({ model, versionId: "2" }, context)).toBe(false);
    expect(server.requests).toHaveLength(1);
  });
});

describe("reading a version", () => {
  it("gives null when there is none", async () => {
    const { versions, context } = await managers({ [`GET /v1/${model}@1`]: { json: version("1") } });
    expect(await versions.get(`${model}@1`, context)).toMatchObject({ model, versionId: "1" });
    expect(await versions.get(`${model}@2`, context)).toBeNull();
  });
});
