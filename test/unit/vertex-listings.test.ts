import { describe, expect, it } from "vitest";

import { CloudBuildImageBuilder, type ImageBuilderOptions } from "../../src/targets/aiplatform/vertex/image-builder.js";
import { CloudLogReader } from "../../src/targets/aiplatform/google/log-reader.js";
import { VertexVersionManager } from "../../src/targets/aiplatform/vertex/version-manager.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const place = "projects/acme/locations/europe-west1";
/** Vertex AI answers with the project's number. */
const numbered = "projects/123/locations/europe-west1";

async function services(answers: Answers, changes: Partial<ImageBuilderOptions> = {}) {
  const server = await googleServer(answers);
  const options = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
  return {
    server,
    versions: new VertexVersionManager(options),
    images: new CloudBuildImageBuilder({
      ...options,
      logReader: new CloudLogReader({ ...options, containers: () => "" }),
      ...changes,
    }),
    context: recordingContext(),
  };
}

describe("listing versions", () => {
  const ours = { versionDescription: `Made by mlflow-deployments of spec ${"5".repeat(40)}.` };

  it("gives those of all models with the label, over all pages, and what each is deployed on", async () => {
    const { versions, server, context } = await services({
      [`GET /v1/${place}/models`]: ({ query }) =>
        query["pageToken"]
          ? { json: { models: [{ name: `${numbered}/models/wine` }] } }
          : { json: { models: [{ name: `${numbered}/models/iris`, versionId: "2" }], nextPageToken: "next" } },
      [`GET /v1/${place}/models/iris:listVersions`]: ({ query }) =>
        query["pageToken"]
          ? { json: { models: [{ name: `${numbered}/models/iris@2`, versionId: "2", ...ours }] } }
          : {
              json: {
                models: [
                  {
                    name: `${numbered}/models/iris@1`,
                    versionId: "1",
                    ...ours,
                    deployedModels: [{ endpoint: `${numbered}/endpoints/e`, deployedModelId: "7" }],
                  },
                ],
                nextPageToken: "next",
              },
            },
      [`GET /v1/${place}/models/wine:listVersions`]: {
        json: { models: [{ name: `${numbered}/models/wine`, versionId: "1" }] },
      },
    });
    expect(await versions.list(context)).toMatchObject([
      { model: `${place}/models/iris`, versionId: "1", ours: true, deployedOn: [`${numbered}/endpoints/e`] },
      { model: `${place}/models/iris`, versionId: "2", ours: true, deployedOn: [] },
      { model: `${place}/models/wine`, versionId: "1", ours: false, deployedOn: [] },
    ]);
    expect(server.requests[0]?.query["filter"]).toBe("labels.managed-by=mlflow-deployments");
  });

  it("takes no label for a proof that a version was made here, as it may be its model's", async () => {
    const { versions, context } = await services({
      [`GET /v1/${place}/models`]: { json: { models: [{ name: `${place}/models/iris` }] } },
      [`GET /v1/${place}/models/iris:listVersions`]: {
        json: {
          models: [
            { name: `${place}/models/iris`, versionId: "1", labels: { "managed-by": "mlflow-deployments" } },
            { name: `${place}/models/iris`, versionId: "2", versionDescription: "Not made by mlflow-deployments." },
          ],
        },
      },
    });
    expect((await versions.list(context)).map(({ ours: made }) => made)).toEqual([false, false]);
  });

  it("gives none of a model that is deleted meanwhile", async () => {
    const { versions, context } = await services({
      [`GET /v1/${place}/models`]: { json: { models: [{ name: `${place}/models/iris` }] } },
    });
    expect(await versions.list(context)).toEqual([]);
  });
});

describe("images", () => {
  const packagePath = `${place}/repositories/mlflow-deployments/packages/serving`;
  const list = `GET /v1/${packagePath}/versions`;
  const image = "europe-west1-docker.pkg.dev/acme/mlflow-deployments/serving";
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
  const tags = (...names: string[]) => names.map((name) => ({ name: `${packagePath}/tags/${name}` }));
  const hash = (letter: string) => letter.repeat(64);

  it("are listed with tags and size, over all pages", async () => {
    const { images, server, context } = await services({
      [list]: ({ query }) =>
        query["pageToken"]
          ? { json: { versions: [{ name: `${packagePath}/versions/${digest("2")}`, relatedTags: tags(hash("c")) }] } }
          : {
              json: {
                versions: [
                  {
                    name: `${packagePath}/versions/${digest("1")}`,
                    createTime: "2026-11-23T12:00:00Z",
                    relatedTags: tags(hash("a"), hash("b")),
                    metadata: { imageSizeBytes: "1234" },
                  },
                ],
                nextPageToken: "next",
              },
            },
    });
    expect(await images.list(context)).toEqual([
      {
        uri: `${image}@${digest("1")}`,
        environmentHashes: [hash("a"), hash("b")],
        size: 1234,
        createTime: "2026-11-23T12:00:00Z",
      },
      { uri: `${image}@${digest("2")}`, environmentHashes: [hash("c")], size: null, createTime: null },
    ]);
    expect(server.requests[0]?.query["view"]).toBe("FULL");
  });

  it("that have a tag of somebody's own, no tag, or more than are told are not listed", async () => {
    const version = (letter: string, relatedTags: object[]) => ({
      name: `${packagePath}/versions/${digest(letter)}`,
      relatedTags,
    });
    const many = Array.from({ length: 100 }, (_, index) => hash(String(index % 10)));
    const { images, context } = await services({
      [list]: {
        json: { versions: [version("1", tags(hash("a"), "v1")), version("2", []), version("3", tags(...many))] },
      },
    });
    expect(await images.list(context)).toEqual([]);
  });

  it("that destinationImageUri names are the user's: not listed, and not deleted", async () => {
    const destination = {
      location: "europe-west1",
      project: "acme",
      repository: "mlflow-deployments",
      name: "serving",
      tag: null,
    };
    const { images, server, context } = await services({}, { destination });
    expect(await images.list(context)).toEqual([]);
    await expect(images.delete({ uri: `${image}@${digest("1")}` }, context)).rejects.toThrow(/destinationImageUri/);
    expect(server.requests).toEqual([]);
  });

  it("are none where there is no repository", async () => {
    const { images, context } = await services({});
    expect(await images.list(context)).toEqual([]);
  });

  it("are deleted by digest with their tags, and waited for", async () => {
    const operation = `${place}/operations/7`;
    const { images, server, context } = await services({
      [`DELETE /v1/${packagePath}/versions/${digest("1")}`]: { json: { name: operation } },
      [`GET /v1/${operation}`]: [{ json: {} }, { json: { done: true } }],
    });
    await images.delete({ uri: `${image}@${digest("1")}` }, context);
    expect(server.requests[0]?.query).toMatchObject({ force: "true" });
    expect(server.lines().slice(1)).toEqual([`GET /v1/${operation}`, `GET /v1/${operation}`]);
  });

  it("that are gone are deleted already", async () => {
    const { images, context } = await services({});
    await expect(images.delete({ uri: `${image}@${digest("1")}` }, context)).resolves.toBeUndefined();
  });

  it("of another name or without a digest are refused, and nothing is sent", async () => {
    const { images, server, context } = await services({});
    for (const uri of [`${image}-other@${digest("1")}`, `${image}:latest`, `other/serving@${digest("1")}`]) {
      await expect(images.delete({ uri }, context)).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    }
    expect(server.requests).toEqual([]);
  });

  it("that may not be deleted say which role is needed", async () => {
    const { images, context } = await services({
      [`DELETE /v1/${packagePath}/versions/${digest("1")}`]: googleFailure(
        403,
        "PERMISSION_DENIED",
        "Permission 'artifactregistry.versions.delete' denied.",
      ),
    });
    await expect(images.delete({ uri: `${image}@${digest("1")}` }, context)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
  });
});
