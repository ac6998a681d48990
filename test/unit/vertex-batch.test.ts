import { describe, expect, it } from "vitest";

import type { BatchRequest } from "../../src/core/services.js";
import { VertexBatchService } from "../../src/targets/aiplatform/vertex/batch-service.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const place = "projects/acme/locations/europe-west1";
/** Vertex AI answers with the project's number. */
const numbered = "projects/123/locations/europe-west1";
const jobs = `/v1/${place}/batchPredictionJobs`;
const name = `${place}/batchPredictionJobs/7`;

async function service(answers: Answers) {
  const server = await googleServer(answers);
  const clock = instantClock();
  const options = { connection: server.connection, project: "acme", location: "europe-west1", clock };
  return { server, clock, batch: new VertexBatchService(options), context: recordingContext() };
}

const request: BatchRequest = {
  displayName: "tester",
  version: { model: `${place}/models/iris-1`, versionId: "2" },
  input: ["gs://rows/a.jsonl", "gs://rows/more/*.jsonl"],
  inputFormat: "jsonl",
  output: "gs://rows/predicted",
  parameters: { temperature: 0.5 },
  instanceType: null,
  keyField: "id",
  machineType: "n1-standard-4",
  accelerator: { type: "NVIDIA_TESLA_T4", count: 2 },
  startingReplicaCount: 2,
  maxReplicaCount: 5,
  batchSize: 16,
  serviceAccount: "robot@acme.iam.gserviceaccount.com",
  encryptionKey: "key",
  labels: { "managed-by": "mlflow-deployments" },
};

/** A job as Vertex AI answers it. */
function job(changes: Record<string, unknown> = {}) {
  return {
    name: `${numbered}/batchPredictionJobs/7`,
    state: "JOB_STATE_RUNNING",
    model: `${numbered}/models/iris-1`,
    modelVersionId: "2",
    inputConfig: { instancesFormat: "jsonl", gcsSource: { uris: ["gs://rows/a.jsonl"] } },
    outputConfig: { predictionsFormat: "jsonl", gcsDestination: { outputUriPrefix: "gs://rows/predicted/" } },
    createTime: "2026-11-23T12:00:00Z",
    ...changes,
  };
}

describe("starting a batch prediction job", () => {
  it("sends all that was asked for, and gives the job with the project's id in its names", async () => {
    const { batch, server, context } = await service({
      [`POST ${jobs}`]: { json: job({ state: "JOB_STATE_PENDING" }) },
    });
    expect(await batch.create(request, context)).toEqual({
      name,
      state: "pending",
      model: `${place}/models/iris-1`,
      modelVersionId: "2",
      input: ["gs://rows/a.jsonl"],
      inputFormat: "jsonl",
      output: "gs://rows/predicted/",
      outputDirectory: null,
      counts: { successful: null, failed: null, incomplete: null },
      partialFailures: [],
      error: null,
      labels: {},
      createTime: "2026-11-23T12:00:00Z",
      startTime: null,
      endTime: null,
    });
    expect(server.requests[0]?.body).toEqual({
      displayName: "tester",
      model: `${place}/models/iris-1@2`,
      inputConfig: { instancesFormat: "jsonl", gcsSource: { uris: request.input } },
      outputConfig: { predictionsFormat: "jsonl", gcsDestination: { outputUriPrefix: "gs://rows/predicted" } },
      instanceConfig: { keyField: "id" },
      modelParameters: { temperature: 0.5 },
      dedicatedResources: {
        machineSpec: { machineType: "n1-standard-4", acceleratorType: "NVIDIA_TESLA_T4", acceleratorCount: 2 },
        startingReplicaCount: 2,
        maxReplicaCount: 5,
      },
      manualBatchTuningParameters: { batchSize: 16 },
      serviceAccount: "robot@acme.iam.gserviceaccount.com",
      encryptionSpec: { kmsKeyName: "key" },
      labels: { "managed-by": "mlflow-deployments" },
    });
  });

  it("reads a table of BigQuery and writes to BigQuery, and leaves to Vertex AI what nobody chose", async () => {
    const { batch, server, context } = await service({
      [`POST ${jobs}`]: {
        json: job({
          inputConfig: { instancesFormat: "bigquery", bigquerySource: { inputUri: "bq://acme.flowers.rows" } },
          outputConfig: { predictionsFormat: "bigquery", bigqueryDestination: { outputUri: "bq://acme" } },
          outputInfo: { bigqueryOutputDataset: "bq://acme.prediction_1", bigqueryOutputTable: "predictions_1" },
        }),
      },
    });
    const created = await batch.create(
      {
        ...request,
        version: { model: `${place}/models/iris-1`, versionId: null },
        input: ["bq://acme.flowers.rows"],
        inputFormat: "bigquery",
        output: "bq://acme",
        parameters: null,
        instanceType: "object",
        keyField: null,
        accelerator: null,
        startingReplicaCount: null,
        maxReplicaCount: null,
        batchSize: null,
        serviceAccount: null,
        encryptionKey: null,
        labels: {},
      },
      context,
    );
    expect(created).toMatchObject({
      input: ["bq://acme.flowers.rows"],
      output: "bq://acme",
      outputDirectory: "bq://acme.prediction_1.predictions_1",
    });
    expect(server.requests[0]?.body).toEqual({
      displayName: "tester",
      model: `${place}/models/iris-1`,
      inputConfig: { instancesFormat: "bigquery", bigquerySource: { inputUri: "bq://acme.flowers.rows" } },
      outputConfig: { predictionsFormat: "bigquery", bigqueryDestination: { outputUri: "bq://acme" } },
      instanceConfig: { instanceType: "object" },
      dedicatedResources: { machineSpec: { machineType: "n1-standard-4" } },
      labels: {},
    });
  });

  it("is not sent again when its answer is lost, since twice makes two", async () => {
    const { batch, server, context } = await service({ [`POST ${jobs}`]: googleFailure(503, "UNAVAILABLE", "Later.") });
    await expect(batch.create(request, context)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("batch prediction jobs", () => {
  it("are listed by their labels, over all pages", async () => {
    const { batch, server, context } = await service({
      [`GET ${jobs}`]: ({ query }) =>
        query["pageToken"]
          ? { json: { batchPredictionJobs: [job({ name: `${numbered}/batchPredictionJobs/8` })] } }
          : { json: { batchPredictionJobs: [job()], nextPageToken: "next" } },
    });
    const labels = { "managed-by": "mlflow-deployments", "batch-hash": "abc" };
    const found = await batch.list({ labels }, context);
    expect(found.map((each) => each.name)).toEqual([name, `${place}/batchPredictionJobs/8`]);
    expect(server.requests[0]?.query["filter"]).toBe("labels.managed-by=mlflow-deployments AND labels.batch-hash=abc");
  });

  it("are listed without those that are over, where only the others are wanted", async () => {
    const { batch, server, context } = await service({ [`GET ${jobs}`]: { json: {} } });
    expect(await batch.list({ labels: { team: "x" }, unended: true }, context)).toEqual([]);
    const over = ["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "EXPIRED", "CANCELLED"];
    expect(server.requests[0]?.query["filter"]).toBe(
      ["labels.team=x", ...over.map((state) => `state!="JOB_STATE_${state}"`)].join(" AND "),
    );
  });

  it.each([
    ["JOB_STATE_SUCCEEDED", "succeeded"],
    ["JOB_STATE_PARTIALLY_SUCCEEDED", "partially-succeeded"],
    ["JOB_STATE_FAILED", "failed"],
    ["JOB_STATE_EXPIRED", "failed"],
    ["JOB_STATE_CANCELLED", "cancelled"],
  ])("are waited for until they are over, as one with %s is", async (state, expected) => {
    const going = ["QUEUED", "PENDING", "RUNNING", "UPDATING", "PAUSED", "CANCELLING", "A_STATE_OF_THE_FUTURE"];
    const { batch } = await service({
      [`GET /v1/${name}`]: [...going, ""].map((each) => ({
        json: job({ state: each === "" ? state : `JOB_STATE_${each}` }),
      })),
    });
    const seen: string[] = [];
    const ended = await batch.wait(name, { onPoll: (each) => seen.push(each.state) });
    expect(ended.state).toBe(expected);
    expect(seen).toEqual(["queued", "pending", "running", "running", "paused", "cancelling", "pending"]);
  });

  it("show their rows, what failed of them, and where the predictions are", async () => {
    const { batch } = await service({
      [`GET /v1/${name}`]: {
        json: job({
          state: "JOB_STATE_PARTIALLY_SUCCEEDED",
          completionStats: { successfulCount: "640", failedCount: "3", incompleteCount: "-1" },
          partialFailures: [{ code: 3, message: "Row 7 is no row." }, {}],
          outputInfo: { gcsOutputDirectory: "gs://rows/predicted/prediction-iris" },
          endTime: "2026-11-23T13:00:00Z",
        }),
      },
    });
    expect(await batch.wait(name, {})).toMatchObject({
      counts: { successful: 640, failed: 3, incomplete: null },
      partialFailures: [
        { code: 3, message: "Row 7 is no row." },
        { code: null, message: "no reason was given" },
      ],
      outputDirectory: "gs://rows/predicted/prediction-iris",
      endTime: "2026-11-23T13:00:00Z",
    });
  });

  it("have failed in no row where Google's statistics leave a zero out", async () => {
    const completionStats = { successfulCount: "1000" };
    const { batch } = await service({
      [`GET /v1/${name}`]: { json: job({ state: "JOB_STATE_SUCCEEDED", completionStats }) },
    });
    expect((await batch.wait(name, {})).counts).toEqual({ successful: 1000, failed: 0, incomplete: 0 });
  });

  it("are looked at ever more rarely, and at least every half minute", async () => {
    const running = Array.from({ length: 20 }, () => ({ json: job() }));
    const { batch, clock } = await service({
      [`GET /v1/${name}`]: [...running, { json: job({ state: "JOB_STATE_SUCCEEDED" }) }],
    });
    await batch.wait(name, {});
    expect(clock.waits).toEqual(clock.waits.toSorted((a, b) => a - b));
    expect(clock.waits[0]).toBe(1000);
    expect(clock.waits.at(-1)).toBe(30_000);
  });

  it("are waited for no longer than was asked for", async () => {
    const { batch } = await service({ [`GET /v1/${name}`]: { json: job() } });
    await expect(batch.wait(name, { timeoutSeconds: 60 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("are cancelled, and those that are over stay as they are", async () => {
    const over = googleFailure(400, "FAILED_PRECONDITION", "The job is over.");
    const { batch, server } = await service({
      [`POST /v1/${name}:cancel`]: [{ json: {} }, over, over],
      [`GET /v1/${name}`]: [{ json: job({ state: "JOB_STATE_SUCCEEDED" }) }, { json: job() }],
    });
    await batch.cancel(name, {});
    expect(server.lines()).toEqual([`POST /v1/${name}:cancel`]);
    await batch.cancel(name, {});
    await expect(batch.cancel(name, {})).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("that are not there are said to be so", async () => {
    const { batch } = await service({});
    await expect(batch.wait(name, {})).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
    await expect(batch.cancel(name, {})).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});
