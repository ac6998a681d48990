import { describe, expect, it } from "vitest";

import type { DeployedModel } from "../../src/core/deployment.js";
import type { DeployRequest, Endpoint } from "../../src/core/services.js";
import type { AiPlatformSettings } from "../../src/targets/aiplatform/config/setting-rules.js";
import { scalingOf } from "../../src/targets/aiplatform/deploy/scaling.js";
import { VertexEndpointManager } from "../../src/targets/aiplatform/vertex/endpoint-manager.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const place = "projects/acme/locations/europe-west1";
const numbered = "projects/123/locations/europe-west1";
const name = `${place}/endpoints/iris`;
const operation = `${numbered}/endpoints/iris/operations/1`;

async function manager(answers: Answers) {
  const server = await googleServer(answers);
  const options = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
  return { server, endpoints: new VertexEndpointManager(options), context: recordingContext() };
}

const endpoint: Endpoint = {
  id: "iris",
  name,
  displayName: "iris",
  labels: {},
  deployedModels: [],
  trafficSplit: { "1": 100 },
  etag: "e1",
  dedicatedHost: null,
  encryptionKey: null,
  network: null,
  description: null,
  createTime: null,
};

const plain = { network: null, description: null, inferenceTimeout: null };

const deploy: DeployRequest = {
  autoscalingTargets: {},
  deployedModelId: "1234567890",
  displayName: "iris",
  version: {
    model: `${place}/models/iris`,
    versionId: "2",
    aliases: [],
    labels: {},
    artifactUri: null,
    imageUri: null,
    env: {},
    createTime: null,
  },
  machineType: "n1-standard-2",
  minReplicaCount: 1,
  maxReplicaCount: 3,
  accelerator: null,
  serviceAccount: null,
  takesTraffic: true,
};

describe("reading endpoints", () => {
  it("gives them under the project's id, though Vertex AI answers with its number, and leaves other projects' models theirs", async () => {
    const deployed = (id: string, model: string) => ({
      id,
      displayName: "x",
      model,
      modelVersionId: "2",
      dedicatedResources: { machineSpec: { machineType: "m" } },
    });
    const { endpoints, context } = await manager({
      [`GET /v1/${name}`]: {
        json: {
          name: `${numbered}/endpoints/iris`,
          displayName: "Iris",
          etag: "e7",
          trafficSplit: { "1": 90 },
          dedicatedEndpointDns: "iris.example.goog",
          deployedModels: [
            deployed("1", `${numbered}/models/iris@2`),
            deployed("2", "projects/9/locations/europe-west1/models/theirs"),
          ],
        },
      },
    });
    expect(await endpoints.find("iris", context)).toEqual({
      id: "iris",
      name,
      displayName: "Iris",
      labels: {},
      trafficSplit: { "1": 90 },
      etag: "e7",
      dedicatedHost: "iris.example.goog",
      encryptionKey: null,
      network: null,
      description: null,
      createTime: null,
      deployedModels: [
        {
          id: "1",
          displayName: "x",
          model: `${place}/models/iris`,
          modelVersionId: "2",
          trafficPercent: 90,
          machineType: "m",
          minReplicaCount: null,
          maxReplicaCount: null,
          accelerator: null,
          serviceAccount: null,
          predictUrl: null,
          createTime: null,
        },
        {
          id: "2",
          displayName: "x",
          model: "projects/9/locations/europe-west1/models/theirs",
          modelVersionId: "2",
          trafficPercent: 0,
          machineType: "m",
          minReplicaCount: null,
          maxReplicaCount: null,
          accelerator: null,
          serviceAccount: null,
          predictUrl: null,
          createTime: null,
        },
      ],
    });
  });

  it("says by which network one is reached, and where its model is asked", async () => {
    const predictHttpUri = "http://iris.aiplatform.googleapis.com/v1/models/1:predict";
    const { endpoints, context } = await manager({
      [`GET /v1/${name}`]: {
        json: {
          name,
          network: "projects/123/global/networks/vpc",
          deployedModels: [{ id: "1", privateEndpoints: { predictHttpUri } }],
        },
      },
    });
    expect(await endpoints.find("iris", context)).toMatchObject({
      network: "projects/123/global/networks/vpc",
      deployedModels: [{ predictUrl: predictHttpUri }],
    });
  });

  it("gives null for one that is not there", async () => {
    const { endpoints, context } = await manager({});
    expect(await endpoints.find("iris", context)).toBeNull();
  });

  it("lists those of this package, over all pages", async () => {
    const { endpoints, context, server } = await manager({
      [`GET /v1/${place}/endpoints`]: ({ query }) =>
        query["pageToken"]
          ? { json: { endpoints: [{ name: `${place}/endpoints/b` }] } }
          : { json: { endpoints: [{ name: `${place}/endpoints/a` }], nextPageToken: "2" } },
    });
    expect((await endpoints.list(context)).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(server.requests.map(({ query }) => query["filter"])).toEqual(
      Array(2).fill("labels.managed-by=mlflow-deployments"),
    );
  });
});

describe("creating an endpoint", () => {
  const create = `POST /v1/${place}/endpoints`;

  it("asks for it under its own id", async () => {
    const { endpoints, context, server } = await manager({
      [create]: { json: { name: operation } },
      [`GET /v1/${operation}`]: { json: { done: true, response: { name: `${numbered}/endpoints/iris` } } },
    });
    const request = {
      id: "iris",
      displayName: "Iris",
      labels: { a: "b" },
      dedicated: true,
      encryptionKey: "key",
      ...plain,
    };
    expect(await (await endpoints.create(request, context)).wait()).toMatchObject({ id: "iris", name });
    expect(server.requests[0]).toMatchObject({
      query: { endpointId: "iris" },
      body: {
        displayName: "Iris",
        labels: { a: "b" },
        dedicatedEndpointEnabled: true,
        encryptionSpec: { kmsKeyName: "key" },
      },
    });
  });

  it.each([
    [{ network: "projects/123/global/networks/vpc" }, { network: "projects/123/global/networks/vpc" }],
    [{ description: "Irises" }, { description: "Irises" }],
    [
      { dedicated: true, inferenceTimeout: 900 },
      { dedicatedEndpointEnabled: true, clientConnectionConfig: { inferenceTimeout: "900s" } },
    ],
    [{ encryptionKey: "key" }, { encryptionSpec: { kmsKeyName: "key" } }],
  ])("asks for %j", async (changes, fields) => {
    const { endpoints, context, server } = await manager({ [create]: { json: { name: operation } } });
    const request = { id: "iris", displayName: "Iris", labels: {}, dedicated: false, encryptionKey: null, ...plain };
    await endpoints.create({ ...request, ...changes }, context);
    expect(server.requests[0]?.body).toEqual({ displayName: "Iris", labels: {}, ...fields });
  });

  it("is sent again when the answer is lost, and tells when it met its own effect", async () => {
    const { endpoints, context, server } = await manager({
      [create]: ["broken", googleFailure(409, "ALREADY_EXISTS", "There is one.")],
    });
    const creating = endpoints.create(
      { id: "iris", displayName: "Iris", labels: {}, dedicated: false, encryptionKey: null, ...plain },
      context,
    );
    await expect(creating).rejects.toMatchObject({ code: "RESOURCE_ALREADY_EXISTS" });
    expect(server.requests[1]?.body).toEqual({ displayName: "Iris", labels: {} });
  });
});

describe("deploying", () => {
  const path = `POST /v1/${name}:deployModel`;

  it("gives all the traffic to the first model, which has the id of the request", async () => {
    const { endpoints, context, server } = await manager({
      [path]: { json: { name: operation } },
      [`GET /v1/${operation}`]: {
        json: { done: true, response: { deployedModel: { id: "1234567890", model: `${numbered}/models/iris` } } },
      },
    });
    expect(await (await endpoints.deploy(endpoint, deploy, context)).wait()).toMatchObject({
      id: "1234567890",
      model: `${place}/models/iris`,
      trafficPercent: 100,
    });
    expect(server.requests[0]?.body).toEqual({
      deployedModel: {
        id: "1234567890",
        displayName: "iris",
        model: `${place}/models/iris@2`,
        dedicatedResources: { machineSpec: { machineType: "n1-standard-2" }, minReplicaCount: 1, maxReplicaCount: 3 },
      },
      trafficSplit: { "0": 100 },
    });
  });

  it("leaves the traffic as it is for any other", async () => {
    const { endpoints, context, server } = await manager({ [path]: { json: { name: operation } } });
    const accelerator = { type: "NVIDIA_TESLA_T4", count: 1 };
    await endpoints.deploy(
      endpoint,
      { ...deploy, takesTraffic: false, accelerator, serviceAccount: "robot@acme" },
      context,
    );
    const body = server.requests[0]?.body as { deployedModel: object; trafficSplit?: object };
    expect(body.trafficSplit ?? {}).toEqual({});
    expect(body.deployedModel).toMatchObject({
      serviceAccount: "robot@acme",
      dedicatedResources: { machineSpec: { acceleratorType: "NVIDIA_TESLA_T4", acceleratorCount: 1 } },
    });
  });

  it("says the targets of autoscaling by Google's names of the metrics", async () => {
    const { endpoints, context, server } = await manager({ [path]: { json: { name: operation } } });
    const settings = {
      minReplicaCount: 1,
      autoscalingTargetCpuUtilization: 70,
      autoscalingTargetAcceleratorDutyCycle: 80,
      autoscalingTargetRequestCountPerMinute: 600,
    } as AiPlatformSettings;
    await endpoints.deploy(endpoint, { ...deploy, ...scalingOf(settings) }, context);
    // AutoscalingMetricSpec.metric_name
    const autoscalingMetricSpecs = [
      { metricName: "aiplatform.googleapis.com/prediction/online/cpu/utilization", target: 70 },
      { metricName: "aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle", target: 80 },
      { metricName: "aiplatform.googleapis.com/prediction/online/request_count", target: 600 },
    ];
    expect(server.requests[0]?.body).toMatchObject({
      deployedModel: { dedicatedResources: { autoscalingMetricSpecs } },
    });
  });

  it("fails with the platform's words when the container does", async () => {
    const error = { code: 9, message: "Model server never became ready." };
    const { endpoints, context } = await manager({
      [path]: { json: { name: operation } },
      [`GET /v1/${operation}`]: { json: { done: true, error } },
    });
    const deploying = await endpoints.deploy(endpoint, deploy, context);
    await expect(deploying.wait()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("never became ready"),
    });
  });
});

describe("changing the traffic", () => {
  const patch = `PATCH /v1/${name}`;

  it("replaces the split under the etag that was read", async () => {
    const { endpoints, context, server } = await manager({
      [patch]: { json: { name, trafficSplit: { "2": 100 }, etag: "e2" } },
    });
    expect(await endpoints.setTraffic(endpoint, { "1": 0, "2": 100 }, context)).toMatchObject({
      trafficSplit: { "2": 100 },
      etag: "e2",
    });
    expect(server.requests[0]).toMatchObject({
      query: { updateMask: "trafficSplit" },
      body: { trafficSplit: { "2": 100 }, etag: "e1" },
    });
  });

  it("is a conflict when the endpoint changed to something else", async () => {
    const { endpoints, context } = await manager({
      [patch]: googleFailure(409, "ABORTED", "Etag mismatch."),
      [`GET /v1/${name}`]: { json: { name, trafficSplit: { "1": 50, "2": 50 } } },
    });
    await expect(endpoints.setTraffic(endpoint, { "2": 100 }, context)).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
    });
  });

  it("is done when a request whose answer was lost had done it", async () => {
    const { endpoints, context } = await manager({
      [patch]: ["broken", googleFailure(409, "ABORTED", "Etag mismatch.")],
      [`GET /v1/${name}`]: { json: { name, trafficSplit: { "1": 0, "2": 100 }, etag: "e2" } },
    });
    expect(await endpoints.setTraffic(endpoint, { "2": 100 }, context)).toMatchObject({ etag: "e2" });
  });
});

describe("changing in place", () => {
  it("patches nothing but what changes, under the etag that was read", async () => {
    const { endpoints, context, server } = await manager({ [`PATCH /v1/${name}`]: { json: { name } } });
    await endpoints.update(endpoint, { description: "Irises", inferenceTimeout: 60 }, context);
    await endpoints.update({ ...endpoint, etag: null }, { labels: { a: "b" } }, context);
    expect(server.requests).toMatchObject([
      {
        query: { updateMask: "description,clientConnectionConfig" },
        body: { description: "Irises", clientConnectionConfig: { inferenceTimeout: "60s" }, etag: "e1" },
      },
      { query: { updateMask: "labels" }, body: { labels: { a: "b" } } },
    ]);
  });

  it.each<[Record<string, number>, object]>([
    [{}, {}],
    [{ m: 70 }, { autoscalingMetricSpecs: [{ metricName: "m", target: 70 }] }],
  ])("scales a deployed model to the targets %j, and to no others", async (targets, specs) => {
    const { endpoints, context, server } = await manager({
      [`POST /v1/${name}:mutateDeployedModel`]: { json: { name: operation } },
      [`GET /v1/${operation}`]: { json: { done: true } },
    });
    const scaling = { minReplicaCount: 2, maxReplicaCount: 4, autoscalingTargets: targets };
    const accelerator = { type: "NVIDIA_L4", count: 1 };
    const deployed = { id: "7", machineType: "g2-standard-8", accelerator } as DeployedModel;
    const having = { ...endpoint, deployedModels: [deployed] };
    await (await endpoints.scale(having, "7", scaling, context)).wait();
    const machineSpec = { machineType: "g2-standard-8", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 };
    expect(server.requests[0]?.body).toEqual({
      deployedModel: { id: "7", dedicatedResources: { machineSpec, minReplicaCount: 2, maxReplicaCount: 4, ...specs } },
      updateMask:
        "dedicatedResources.minReplicaCount,dedicatedResources.maxReplicaCount,dedicatedResources.autoscalingMetricSpecs",
    });
  });
});

describe("taking away", () => {
  it("undeploys without a word on the traffic", async () => {
    const { endpoints, context, server } = await manager({
      [`POST /v1/${name}:undeployModel`]: { json: { name: operation } },
      [`GET /v1/${operation}`]: { json: { done: true } },
    });
    await (await endpoints.undeploy(endpoint, "1", context)).wait();
    expect(server.requests[0]?.body).toEqual({ deployedModelId: "1" });
  });

  it("is done at once when the endpoint is gone", async () => {
    const { endpoints, context, server } = await manager({});
    await (await endpoints.delete(endpoint, context)).wait();
    await (await endpoints.undeploy(endpoint, "1", context)).wait();
    expect(server.requests).toHaveLength(2);
  });
});

describe("operations that run already", () => {
  it("are the unfinished ones of the endpoint, and can be waited for", async () => {
    const createTime = "2026-11-23T12:00:05Z";
    const { endpoints, context } = await manager({
      [`GET /v1/${name}/operations`]: {
        json: {
          operations: [
            { name: operation, metadata: { genericMetadata: { createTime } } },
            { name: "x", done: true },
          ],
        },
      },
      [`GET /v1/${operation}`]: { json: { done: true } },
    });
    const running = await endpoints.running("iris", context);
    expect(running).toHaveLength(1);
    await running?.[0]?.wait();
  });
});
