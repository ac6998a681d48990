import { describe, expect, it } from "vitest";

import type { DeployRequest, Endpoint } from "../../src/core/services.js";
import { LegacyEndpointManager } from "../../src/targets/aiplatform/legacy/endpoint-manager.js";
import { type Answers, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const model = "projects/acme/models/iris";
const labels = { "managed-by": "mlflow-deployments", deployment: "tester" };
const resource = {
  name: "projects/123/models/iris",
  description: 'Irises\n\nMLflow deployment: "tester"',
  labels,
  etag: "one",
};
const id = "5".repeat(16);
const otherId = "6".repeat(16);

function version(name: string, digit: string, changes: Record<string, unknown> = {}) {
  return {
    name: `projects/123/models/iris/versions/${name}`,
    state: "READY",
    labels: { ...labels, "spec-hash": digit.repeat(40) },
    machineType: "mls1-c1-m2",
    manualScaling: { nodes: 1 },
    ...changes,
  };
}

const versions = [version("v_1", "5", { isDefault: true }), version("v_2", "6")];
const there = { [`GET /v1/${model}`]: { json: resource }, [`GET /v1/${model}/versions`]: { json: { versions } } };
const operation = "projects/acme/operations/o-1";
const finished = {
  [`GET /v1/${operation}`]: { json: { name: operation, done: true, response: version("v_2", "6") } },
};

async function manager(answers: Answers) {
  const server = await googleServer(answers);
  const endpoints = new LegacyEndpointManager({
    connection: server.connection,
    project: "acme",
    clock: instantClock(),
    regions: ["europe-west1"],
    onlinePredictionLogging: false,
  });
  return { server, endpoints, context: recordingContext() };
}

async function found(answers: Answers) {
  const made = await manager({ ...there, ...answers });
  return { ...made, endpoint: (await made.endpoints.find("iris", made.context)) as Endpoint };
}

describe("a model as an endpoint", () => {
  it("has its versions deployed, the default one with all the traffic", async () => {
    const { endpoint } = await found({});
    expect(endpoint).toMatchObject({
      id: "iris",
      name: model,
      displayName: "tester",
      description: "Irises",
      etag: "one",
      trafficSplit: { [id]: 100 },
    });
    expect(endpoint.deployedModels).toMatchObject([
      { id, displayName: "tester", model, modelVersionId: "v_1", trafficPercent: 100, minReplicaCount: 1 },
      { id: otherId, displayName: "tester", model, modelVersionId: "v_2", trafficPercent: 0 },
    ]);
  });

  it("does not serve what is not ready, and names what others have put there by itself", async () => {
    const { endpoint } = await found({
      [`GET /v1/${model}/versions`]: {
        json: { versions: [version("v_3", "7", { state: "FAILED" }), version("theirs", "8", { labels: {} })] },
      },
    });
    expect(endpoint.deployedModels).toMatchObject([{ id: "theirs", displayName: "theirs" }]);
  });

  it("is null where there is none", async () => {
    const { endpoints, context } = await manager({});
    expect(await endpoints.find("iris", context)).toBeNull();
  });

  it("is listed over all pages by the label of this package", async () => {
    const { endpoints, server, context } = await manager({
      ...there,
      "GET /v1/projects/acme/models": ({ query }) =>
        query["pageToken"]
          ? { json: { models: [{ ...resource, name: "projects/123/models/other" }] } }
          : { json: { models: [resource], nextPageToken: "next" } },
    });
    expect((await endpoints.list(context)).map(({ name }) => name)).toEqual([model, "projects/acme/models/other"]);
    expect(server.requests[0]?.query).toMatchObject({ filter: "labels.managed-by=mlflow-deployments" });
  });

  it("is made at once, where it is gone since its versions were", async () => {
    const { endpoints, server, context } = await manager({ "POST /v1/projects/acme/models": { json: resource } });
    const request = {
      id: "iris",
      displayName: "tester",
      labels,
      dedicated: false,
      encryptionKey: null,
      network: null,
      description: null,
      inferenceTimeout: null,
    };
    const made = await endpoints.create(request, context);
    expect(await made.wait()).toMatchObject({ name: model, displayName: "tester", deployedModels: [] });
    expect(server.requests[0]?.body).toMatchObject({
      name: "iris",
      labels,
      description: 'MLflow deployment: "tester"',
    });
    expect(await endpoints.attach(made.name).wait()).toBeUndefined();
  });
});

describe("deploying", () => {
  const request = (changes: Partial<DeployRequest> = {}): DeployRequest => ({
    deployedModelId: id,
    displayName: "tester",
    version: {
      model,
      versionId: "v_1",
      aliases: [],
      labels: {},
      artifactUri: null,
      imageUri: null,
      env: {},
      createTime: null,
    },
    machineType: "mls1-c1-m2",
    minReplicaCount: 1,
    maxReplicaCount: 1,
    autoscalingTargets: {},
    accelerator: null,
    serviceAccount: null,
    takesTraffic: true,
    ...changes,
  });
  const one = `GET /v1/${model}/versions/v_1`;

  it("a version of the spec is done, because it serves", async () => {
    const { endpoints, endpoint, server, context } = await found({ [one]: { json: versions[0] } });
    const deployed = await endpoints.deploy(endpoint, request(), context);
    expect(await deployed.wait()).toMatchObject({ id, modelVersionId: "v_1", trafficPercent: 100 });
    expect(server.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  it("a version for another machine makes a copy of it", async () => {
    const original = {
      ...versions[0],
      deploymentUri: "gs://a",
      packageUris: ["gs://b"],
      predictionClass: "p.P",
      runtimeVersion: "2.11",
      pythonVersion: "3.7",
    };
    const { endpoints, endpoint, server, context } = await found({
      ...finished,
      [one]: { json: original },
      [`POST /v1/${model}/versions`]: { json: { name: operation } },
    });
    const change = { deployedModelId: otherId, machineType: "mls1-c4-m2", serviceAccount: "a@b" };
    const deployed = await endpoints.deploy(endpoint, request(change), context);
    expect(await deployed.wait()).toMatchObject({ id: otherId, modelVersionId: "v_2" });
    expect(server.requests.find(({ method }) => method === "POST")?.body).toEqual({
      name: `v_${otherId}`,
      description: `Made by mlflow-deployments of spec ${otherId}.`,
      labels: { ...labels, "spec-hash": otherId },
      deploymentUri: "gs://a",
      packageUris: ["gs://b"],
      predictionClass: "p.P",
      runtimeVersion: "2.11",
      pythonVersion: "3.7",
      machineType: "mls1-c4-m2",
      serviceAccount: "a@b",
      manualScaling: { nodes: 1 },
    });
  });

  it("a copy that fails leaves nothing, also where another process has begun it", async () => {
    const copy = `${model}/versions/v_${otherId}`;
    const removal = "projects/acme/operations/delete";
    const { endpoints, endpoint, server, context } = await found({
      [one]: { json: versions[0] },
      [`POST /v1/${model}/versions`]: { json: { name: operation } },
      [`GET /v1/${copy}`]: { json: version(`v_${otherId}`, "6", { state: "FAILED" }) },
      [`DELETE /v1/${copy}`]: { json: { name: removal } },
      [`GET /v1/${removal}`]: { json: { name: removal, done: true } },
      [`GET /v1/${operation}`]: {
        json: {
          name: operation,
          done: true,
          error: { code: 9, message: "Bad model" },
          metadata: { modelName: model, version: { name: copy } },
        },
      },
    });
    const deployed = await endpoints.deploy(endpoint, request({ deployedModelId: otherId }), context);
    for (const waited of [deployed, endpoints.attach(operation)]) {
      server.requests.length = 0;
      await expect(waited.wait()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      expect(server.lines().filter((line) => line.startsWith("DELETE"))).toEqual([`DELETE /v1/${copy}`]);
    }
  });

  it.each([
    ["is gone", {}, "does not exist"],
    [
      "has failed",
      { [one]: { json: { ...versions[0], state: "FAILED", errorMessage: "Bad model" } } },
      "is FAILED: Bad model",
    ],
  ])("a version that %s is refused", async (_which, answers: Answers, message) => {
    const { endpoints, endpoint, context } = await found(answers);
    await expect(endpoints.deploy(endpoint, request(), context)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(message),
    });
  });
});

describe("undeploying", () => {
  it("deletes the version", async () => {
    const { endpoints, endpoint, server, context } = await found({
      ...finished,
      [`DELETE /v1/${model}/versions/v_2`]: { json: { name: operation } },
    });
    await (await endpoints.undeploy(endpoint, otherId, context)).wait();
    expect(server.lines()).toContain(`DELETE /v1/${model}/versions/v_2`);
  });

  it("deletes before the default version what failed creations have left, since that can only be the last", async () => {
    const left = [versions[0], version("v_3", "7", { state: "FAILED" })];
    const { endpoints, endpoint, server, context } = await found({
      ...finished,
      [`GET /v1/${model}/versions`]: { json: { versions: left } },
      [`DELETE /v1/${model}/versions/v_1`]: { json: { name: operation } },
      [`DELETE /v1/${model}/versions/v_3`]: { json: { name: operation } },
    });
    await (await endpoints.undeploy(endpoint, id, context)).wait();
    expect(server.lines().filter((line) => line.startsWith("DELETE"))).toEqual([
      `DELETE /v1/${model}/versions/v_3`,
      `DELETE /v1/${model}/versions/v_1`,
    ]);
  });

  it("is done where there is nothing", async () => {
    const { endpoints, endpoint, context } = await found({});
    for (const gone of ["7".repeat(16), otherId]) {
      const undeployed = await endpoints.undeploy(endpoint, gone, context);
      await expect(undeployed.wait()).resolves.toBeUndefined();
    }
  });
});

describe("traffic", () => {
  const setDefault = `POST /v1/${model}/versions/v_2:setDefault`;

  it("goes to another version as a whole", async () => {
    const moved = [version("v_1", "5"), version("v_2", "6", { isDefault: true })];
    const { endpoints, endpoint, server, context } = await found({
      [`GET /v1/${model}/versions`]: [{ json: { versions } }, { json: { versions } }, { json: { versions: moved } }],
      [setDefault]: { json: {} },
    });
    const changed = await endpoints.setTraffic(endpoint, { [id]: 0, [otherId]: 100 }, context);
    expect(changed.trafficSplit).toEqual({ [otherId]: 100 });
    expect(server.lines()).toContain(setDefault);
  });

  it("is left where it is already", async () => {
    const { endpoints, endpoint, server, context } = await found({});
    expect((await endpoints.setTraffic(endpoint, { [id]: 100 }, context)).trafficSplit).toEqual({ [id]: 100 });
    expect(server.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  it.each([{ [id]: 60, [otherId]: 40 }, {}])("cannot be %j", async (split: Record<string, number>) => {
    const { endpoints, endpoint, context } = await found({});
    await expect(endpoints.setTraffic(endpoint, split, context)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("cannot be split"),
    });
  });

  it("is not moved on a model that changed since it was read", async () => {
    const { endpoints, endpoint, server, context } = await found({});
    const stale = { ...endpoint, etag: "older" };
    await expect(endpoints.setTraffic(stale, { [otherId]: 100 }, context)).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
    });
    expect(server.lines()).not.toContain(setDefault);
  });

  it("cannot go to what is not there", async () => {
    const { endpoints, endpoint, context } = await found({});
    await expect(endpoints.setTraffic(endpoint, { other: 100 }, context)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
  });
});

describe("changes while it serves", () => {
  it("patch the description, and leave the deployment's name in it", async () => {
    const { endpoints, endpoint, server, context } = await found({
      ...finished,
      [`PATCH /v1/${model}`]: { json: { name: operation } },
    });
    await endpoints.update(endpoint, { description: "Flowers" }, context);
    const patch = server.requests.find(({ method }) => method === "PATCH");
    expect(patch?.query).toMatchObject({ updateMask: "description" });
    expect(patch?.body).toEqual({ description: 'Flowers\n\nMLflow deployment: "tester"', etag: "one" });
  });

  it("send nothing where nothing changes", async () => {
    const { endpoints, endpoint, server, context } = await found({});
    expect(await endpoints.update(endpoint, { labels, description: "Irises" }, context)).toBe(endpoint);
    expect(server.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  it.each([{ labels: { ...labels, team: "x" } }, { labels: {} }, { inferenceTimeout: 5 }])(
    "cannot be %j",
    async (change) => {
      const { endpoints, endpoint, context } = await found({});
      await expect(endpoints.update(endpoint, change, context)).rejects.toMatchObject({
        code: "INVALID_PARAMETER_VALUE",
      });
    },
  );

  const scale = async (of: Record<string, unknown>, min: number, max: number) => {
    const path = `${model}/versions/v_1`;
    const made = await found({
      ...finished,
      [`GET /v1/${path}`]: { json: { ...versions[0], manualScaling: undefined, etag: "two", ...of } },
      [`PATCH /v1/${path}`]: { json: { name: operation } },
    });
    const scaling = { minReplicaCount: min, maxReplicaCount: max, autoscalingTargets: {} };
    await (await made.endpoints.scale(made.endpoint, id, scaling, made.context)).wait();
    const patch = made.server.requests.find(({ method }) => method === "PATCH");
    return { mask: patch?.query["updateMask"], body: patch?.body };
  };

  it("scale the minimum of an autoscaled version, or the number of a fixed one", async () => {
    expect(await scale({ autoScaling: { minNodes: 1, maxNodes: 3 } }, 2, 3)).toEqual({
      mask: "autoScaling.minNodes",
      body: { autoScaling: { minNodes: 2 }, etag: "two" },
    });
    expect(await scale({ manualScaling: { nodes: 1 } }, 2, 2)).toEqual({
      mask: "manualScaling.nodes",
      body: { manualScaling: { nodes: 2 }, etag: "two" },
    });
  });

  it.each([
    [{ autoScaling: { minNodes: 1, maxNodes: 3 } }, 1, 4],
    [{ manualScaling: { nodes: 1 } }, 1, 2],
  ])("cannot scale %j to %i and %i", async (of, min, max) => {
    await expect(scale(of, min, max)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("maxReplicaCount"),
    });
  });
});

describe("deleting", () => {
  it("takes away what failed attempts have left, then the model", async () => {
    const { endpoints, endpoint, server, context } = await found({
      ...finished,
      [`GET /v1/${model}/versions`]: { json: { versions: [version("v_3", "7", { state: "FAILED" })] } },
      [`DELETE /v1/${model}/versions/v_3`]: { json: { name: operation } },
      [`DELETE /v1/${model}`]: { json: { name: operation } },
    });
    await (await endpoints.delete(endpoint, context)).wait();
    expect(server.lines().filter((line) => line.startsWith("DELETE"))).toEqual([
      `DELETE /v1/${model}/versions/v_3`,
      `DELETE /v1/${model}`,
    ]);
  });

  it("is done where there is none", async () => {
    const { endpoints, context } = await manager({});
    const deleted = await endpoints.delete({ name: model } as Endpoint, context);
    await expect(deleted.wait()).resolves.toBeUndefined();
  });
});

describe("operations on a model", () => {
  it("are the project's unfinished ones that name it", async () => {
    const { endpoints, context } = await manager({
      "GET /v1/projects/acme/operations": {
        json: {
          operations: [
            { name: "a", metadata: { operationType: "DELETE_VERSION", modelName: "projects/acme/models/iris" } },
            { name: "b", metadata: { operationType: "DELETE_VERSION", modelName: "projects/acme/models/other" } },
            {
              name: "c",
              done: true,
              metadata: { operationType: "UPDATE_MODEL", modelName: "projects/acme/models/iris" },
            },
            { name: "d" },
          ],
        },
      },
    });
    expect((await endpoints.running("iris", context))?.map(({ name }) => name)).toEqual(["a"]);
  });
});
