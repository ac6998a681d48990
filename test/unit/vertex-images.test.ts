import { describe, expect, it } from "vitest";

import type { ImageRequest } from "../../src/core/services.js";
import { parseImageUri } from "../../src/targets/aiplatform/config/image-uri.js";
import { CloudBuildImageBuilder, type ImageBuilderOptions } from "../../src/targets/aiplatform/vertex/image-builder.js";
import { CloudLogReader } from "../../src/targets/aiplatform/google/log-reader.js";
import { endpointContainers } from "../../src/targets/aiplatform/vertex/container-log.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const hash = "ab".repeat(32);
const digest = `sha256:${"0".repeat(64)}`;
const image = "europe-west1-docker.pkg.dev/acme/mlflow-deployments/serving";
const repository = "projects/acme/locations/europe-west1/repositories/mlflow-deployments";
const repositories = "/v1/projects/acme/locations/europe-west1/repositories";
const builds = "/v1/projects/acme/locations/global/builds";
const tag = `GET /v1/${repository}/packages/serving/tags/${hash}`;

const request: ImageRequest = {
  environmentHash: hash,
  source: { bucket: "models", object: "sdist.tar.gz", generation: "17" },
  directory: "deploy_from_script-1",
};

const succeeded = {
  json: { id: "b1", status: "SUCCESS", results: { images: [{ name: `${image}:${hash}`, digest }] } },
};

const toBuild: Answers = {
  [`GET ${builds}`]: { json: {} },
  [`GET /v1/${repository}`]: { json: { name: repository } },
  [`POST ${builds}`]: { json: { name: "operations/x", metadata: { build: { id: "b1" } } } },
  [`GET ${builds}/b1`]: [
    { json: { id: "b1", status: "QUEUED" } },
    { json: { id: "b1", status: "WORKING" } },
    succeeded,
  ],
};

async function builder(answers: Answers, settings: Partial<ImageBuilderOptions> = {}) {
  const server = await googleServer(answers);
  const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
  const images = new CloudBuildImageBuilder({
    ...place,
    logReader: new CloudLogReader({ ...place, containers: endpointContainers }),
    ...settings,
  });
  return { server, images, context: recordingContext() };
}

describe("a serving image", () => {
  it("is not built when there is one with the environment's tag", async () => {
    const { images, server, context } = await builder({
      [tag]: { json: { version: `${repository}/packages/serving/versions/${digest}` } },
    });
    expect(await images.ensure(request, context)).toEqual({ uri: `${image}@${digest}`, built: false });
    expect(server.requests).toHaveLength(1);
  });

  it("is built from the very sdist that was uploaded, and named by its digest", async () => {
    const { images, server, context } = await builder(toBuild);
    expect(await images.ensure(request, context)).toEqual({ uri: `${image}@${digest}`, built: true });
    const created = server.requests.find(({ method }) => method === "POST");
    expect(created?.body).toEqual({
      source: { storageSource: { bucket: "models", object: "sdist.tar.gz", generation: "17" } },
      steps: [
        {
          name: "gcr.io/cloud-builders/docker",
          args: ["build", "--tag", `${image}:${hash}`, "."],
          dir: "deploy_from_script-1",
        },
      ],
      images: [`${image}:${hash}`],
      tags: ["mlflow-deployments", `env-${hash.slice(0, 40)}`],
      timeout: "1800s",
      options: { logging: "CLOUD_LOGGING_ONLY" },
    });
    const stages = context.events.flatMap((event) => (event.type === "operation" ? [event.stage] : []));
    expect(stages).toEqual(["QUEUED", "WORKING"]);
  });

  it("is built where, by whom and as long as the settings say", async () => {
    const elsewhere = "/v1/projects/acme/locations/europe-west4/builds";
    const { images, server, context } = await builder(
      {
        ...toBuild,
        [`GET ${elsewhere}`]: { json: {} },
        [`POST ${elsewhere}`]: { json: { metadata: { build: { id: "b1" } } } },
        [`GET ${elsewhere}/b1`]: succeeded,
      },
      {
        buildLocation: "europe-west4",
        buildServiceAccount: "robot@acme.iam.gserviceaccount.com",
        buildTimeoutSeconds: 60,
      },
    );
    await images.ensure(request, context);
    expect(server.requests.find(({ method }) => method === "POST")?.body).toMatchObject({
      serviceAccount: "projects/acme/serviceAccounts/robot@acme.iam.gserviceaccount.com",
      timeout: "60s",
    });
  });

  it("goes where destinationImageUri says, with its tag beside the environment's", async () => {
    const theirs = "projects/shared/locations/europe-west1/repositories/images";
    const destination = "europe-west1-docker.pkg.dev/shared/images/team/iris";
    const { images, server, context } = await builder(
      { ...toBuild, [`GET /v1/${theirs}`]: { json: { name: theirs } } },
      { destination: parseImageUri(`${destination}:v1`) ?? undefined },
    );
    expect(await images.ensure(request, context)).toEqual({ uri: `${destination}@${digest}`, built: true });
    expect(server.lines()[0]).toBe(`GET /v1/${theirs}/packages/team/iris/tags/${hash}`);
    expect(server.requests.find(({ method }) => method === "POST")).toMatchObject({
      path: builds,
      body: {
        steps: [{ args: ["build", "--tag", `${destination}:${hash}`, "--tag", `${destination}:v1`, "."] }],
        images: [`${destination}:${hash}`, `${destination}:v1`],
      },
    });
  });

  it("is not built twice at a time: a build that runs already is waited for", async () => {
    const { images, server, context } = await builder({
      ...toBuild,
      [`GET ${builds}`]: { json: { builds: [{ id: "b1", status: "WORKING" }] } },
    });
    expect(await images.ensure(request, context)).toMatchObject({ built: true });
    expect(server.lines().filter((line) => line.startsWith("POST"))).toEqual([]);
    expect(server.requests[1]?.query["filter"]).toContain(`tags="env-${hash.slice(0, 40)}"`);
  });

  it("has no part that Cloud Build would expand", async () => {
    const { images, server, context } = await builder(toBuild);
    await images.ensure({ ...request, directory: "a$PROJECT_ID" }, context);
    expect(server.requests.find(({ method }) => method === "POST")?.body).toMatchObject({
      steps: [{ dir: "a$$PROJECT_ID" }],
    });
  });
});

describe("the repository", () => {
  const operation = "projects/acme/locations/europe-west1/operations/7";

  it("is made in the endpoint's region when it is absent", async () => {
    const { images, server, context } = await builder({
      ...toBuild,
      [`GET /v1/${repository}`]: googleFailure(404, "NOT_FOUND", "None."),
      [`POST ${repositories}`]: { json: { name: operation } },
      [`GET /v1/${operation}`]: [{ json: {} }, { json: { done: true } }],
    });
    await images.ensure(request, context);
    expect(server.requests.find(({ path }) => path === repositories)).toMatchObject({
      query: { repositoryId: "mlflow-deployments" },
      body: { format: "DOCKER" },
    });
  });

  it("may have been made by another process meanwhile", async () => {
    const { images, context } = await builder({
      ...toBuild,
      [`GET /v1/${repository}`]: googleFailure(404, "NOT_FOUND", "None."),
      [`POST ${repositories}`]: googleFailure(409, "ALREADY_EXISTS", "There is one."),
    });
    expect(await images.ensure(request, context)).toMatchObject({ built: true });
  });
});

describe("a build that fails", () => {
  const failed = (changes: object) => ({
    json: { id: "b1", status: "FAILURE", createTime: "2026-11-23T12:00:00Z", ...changes },
  });

  it("says why, shows the end of its log, and where the whole is", async () => {
    const { images, server, context } = await builder({
      ...toBuild,
      [`GET ${builds}/b1`]: failed({
        statusDetail: "Build step 0 failed",
        logUrl: "https://console.cloud.google.com/x",
      }),
      "POST /v2/entries:list": {
        json: { entries: [{ textPayload: "ERROR: No matching distribution" }, { textPayload: "Step 3/7 : RUN pip" }] },
      },
    });
    await expect(images.ensure(request, context)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /FAILURE: Build step 0 failed\. Its log is at https:.*, and ends:\nStep 3\/7 : RUN pip\nERROR: No matching/s,
      ),
    });
    expect(server.requests.at(-1)?.body).toMatchObject({
      filter: expect.stringContaining('resource.labels.build_id="b1"'),
    });
  });

  it("names the roles and the setting when the account that builds lacks them", async () => {
    const detail = "Service account does not have storage.objects.get access";
    const { images, context } = await builder({
      ...toBuild,
      [`GET ${builds}/b1`]: failed({ failureInfo: { detail } }),
    });
    await expect(images.ensure(request, context)).rejects.toThrow(/roles\/storage\.objectViewer.*buildServiceAccount/);
  });

  it("names buildLocation when the project may not build in that region", async () => {
    const refused = googleFailure(
      400,
      "FAILED_PRECONDITION",
      "due to quota restrictions, cannot run builds in this region",
    );
    const { images, context } = await builder({ ...toBuild, [`POST ${builds}`]: refused });
    await expect(images.ensure(request, context)).rejects.toThrow(
      /cannot run builds in this region.*set buildLocation/,
    );
  });

  it("is not started twice when the answer is lost", async () => {
    const { images, server, context } = await builder({ ...toBuild, [`POST ${builds}`]: "broken" });
    await expect(images.ensure(request, context)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(server.lines().filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });
});
