import { beforeEach, describe, expect, expectTypeOf, it } from "vitest";

import {
  type AiPlatformConfig,
  type BatchPrediction,
  DeploymentError,
  getDeployClient,
  type Operation,
  type PredictBatchOptions,
  type ProgressEvent,
} from "../../src/index.js";
import { mockModel, type MockOptions, type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { deploymentName: "tester", input: "gs://rows/a.jsonl", output: "gs://rows/predicted" };

let platform: MockPlatform;
/** Each is as another process would have it. */
const client = (more: AiPlatformConfig = {}) =>
  getDeployClient("aiplatform", { services: platform.services, config: { ...config, ...more } });

/** A platform with a deployment, and a file of rows. */
async function setUp(options: MockOptions = {}): Promise<void> {
  platform = mockPlatform(options);
  const own: AiPlatformConfig = { machineType: "n1-standard-8", env: { PASSWORD: "hunter22" } };
  await client().createDeployment({ name: "tester", modelUri: "models:/iris/1", config: own });
  addObjects("a.jsonl");
  platform.recorder.calls.length = 0;
}

function addObjects(...names: string[]): void {
  for (const name of names) {
    const object = { name, generation: "1", size: 1, createTime: null, crc32c: "AAAAAA==" };
    platform.bucket.objects.set(`rows/${name}`, object);
  }
}

const jobsMade = () => platform.recorder.callsOf("batchService", "create");
const requested = () => jobsMade()[0]?.args[0];

beforeEach(() => setUp());

describe("predictBatch", () => {
  it("has the deployment's version predict, on machines like its own, and waits for the end", async () => {
    const prediction = await client().predictBatch({ ...request, params: { threshold: 0.5 } });
    expectTypeOf(prediction).toEqualTypeOf<BatchPrediction>();
    const { model } = await client().getDeployment({ name: "tester" });
    expect(prediction).toMatchObject({
      name: "projects/acme/locations/us-central1/batchPredictionJobs/1",
      state: "succeeded",
      started: true,
      model: model?.name,
      modelVersionId: model?.versionId,
      input: ["gs://rows/a.jsonl"],
      outputDirectory: "gs://rows/predicted/prediction-1",
    });
    expect(requested()).toMatchObject({
      displayName: "tester",
      inputFormat: "jsonl",
      parameters: { threshold: 0.5 },
      machineType: "n1-standard-8",
      startingReplicaCount: null,
      maxReplicaCount: null,
      instanceType: null,
      labels: { "managed-by": "mlflow-deployments", deployment: "tester", "batch-hash": expect.any(String) as string },
    });
  });

  it("refuses params that the model's signature does not have, before a job is made", async () => {
    const signature = { inputs: null, outputs: null, params: [{ name: "limit", type: "long", default: 1 }] };
    const model = (uri: string) => ({ ...mockModel(uri), metadata: { ...mockModel(uri).metadata, signature } });
    await setUp({ model });
    await expect(client().predictBatch({ ...request, params: { limits: 3 } })).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining('the model does not take "limits"; it takes "limit"') as string,
    });
    expect(jobsMade()).toEqual([]);
    await client({ checkInputs: false }).predictBatch({ ...request, params: { limits: 3 } });
    expect(requested()).toMatchObject({ parameters: { limits: 3 } });
  });

  it("takes machines, replicas, account, labels and the batch's own settings from the call", async () => {
    await client().predictBatch({
      ...request,
      config: {
        machineType: "g2-standard-4",
        acceleratorType: "NVIDIA_L4",
        minReplicaCount: 20,
        serviceAccount: "robot@acme.iam.gserviceaccount.com",
        labels: { team: "flowers" },
        batchSize: 8,
        batchKeyField: "id",
        batchInstanceType: "array",
      },
    });
    expect(requested()).toMatchObject({
      machineType: "g2-standard-4",
      accelerator: { type: "NVIDIA_L4", count: 1 },
      startingReplicaCount: 20,
      // Vertex AI's own default would be less than what it starts with
      maxReplicaCount: 20,
      serviceAccount: "robot@acme.iam.gserviceaccount.com",
      batchSize: 8,
      keyField: "id",
      instanceType: "array",
      labels: { team: "flowers", "managed-by": "mlflow-deployments" },
    });
  });

  it("reads files *.csv as CSV where nothing else is said, and others as JSON Lines", async () => {
    addObjects("1.csv", "2.CSV");
    await client().predictBatch({ ...request, input: ["gs://rows/1.csv", "gs://rows/2.CSV"] });
    await client().predictBatch({ ...request, input: ["gs://rows/1.csv", "gs://rows/a.jsonl"] });
    expect(jobsMade().map(({ args }) => args[0])).toMatchObject([{ inputFormat: "csv" }, { inputFormat: "jsonl" }]);
  });

  it("reads a BigQuery table row by row as objects, and looks for no file", async () => {
    await client().predictBatch({ ...request, input: "bq://acme-data.flowers.rows", output: "bq://acme-data.flowers" });
    expect(requested()).toMatchObject({ inputFormat: "bigquery", instanceType: "object" });
    expect(platform.recorder.methods).not.toContain("uploader.list");
  });

  it("predicts with what an endpoint's traffic goes to, and refuses an endpoint where that are several", async () => {
    await client().createEndpoint({ name: "both" });
    const deploy = (name: string, trafficPercent?: number) =>
      client({ trafficPercent }).createDeployment({ name, modelUri: `models:/${name}/1`, endpoint: "both" });
    await deploy("one");
    await client().predictBatch({ ...request, deploymentName: undefined, endpoint: "both" });
    expect(requested()).toMatchObject({ displayName: "one" });
    await deploy("two", 30);
    const several = client().predictBatch({ ...request, deploymentName: undefined, endpoint: "both" });
    await expect(several).rejects.toThrow(/"one", "two".*deploymentName/);
    await client().predictBatch({ ...request, deploymentName: "two" });
    expect(jobsMade().at(-1)?.args[0]).toMatchObject({ displayName: "two" });
  });

  it("reports the job, how its rows go, and its end", async () => {
    await setUp({ batch: () => ({ counts: { successful: 640, failed: 0, incomplete: 0 } }) });
    const events: ProgressEvent[] = [];
    await client().predictBatch({ ...request, onProgress: (event) => events.push(event) });
    expect(events).toMatchObject([
      { type: "step", step: "batch", status: "started", message: expect.stringContaining("version 1 of") as string },
      { type: "operation", step: "batch", stage: "running", counts: { successful: null }, elapsedSeconds: 0 },
      { type: "step", step: "batch", status: "done", message: expect.stringContaining("prediction-1") as string },
    ]);
  });
});

describe("predictBatch, made again", () => {
  it("waits for the same job while that runs, and starts none", async () => {
    const first = await client().predictBatch({ ...request, config: { sync: false } });
    const input = ["gs://rows/a.jsonl"];
    const again = await client().predictBatch({
      ...request,
      input,
      output: "gs://rows/predicted/",
      config: { labels: { a: "b" } },
    });
    expect(again).toMatchObject({ name: first.name, started: false, state: "succeeded" });
    expect(jobsMade()).toHaveLength(1);
  });

  it.each<[string, Partial<PredictBatchOptions<AiPlatformConfig>>]>([
    ["other rows", { input: ["gs://rows/a.jsonl", "gs://rows/b.jsonl"] }],
    ["another place", { output: "gs://rows/elsewhere" }],
    ["other parameters", { params: { threshold: 1 } }],
    ["another format", { inputFormat: "csv" }],
    ["other machines", { config: { machineType: "n1-standard-2" } }],
  ])("starts another job for %s", async (_what, change) => {
    addObjects("b.jsonl");
    await client().predictBatch({ ...request, config: { sync: false } });
    await expect(client().predictBatch({ ...request, ...change })).resolves.toMatchObject({ started: true });
    expect(jobsMade()).toHaveLength(2);
  });

  it("refuses parameters that JSON cannot hold, or would change", async () => {
    for (const value of [2n ** 60n, Number.NaN, new Map()]) {
      const call = client().predictBatch({ ...request, params: { threshold: value } });
      await expect(call).rejects.toMatchObject({
        code: "INVALID_PARAMETER_VALUE",
        message: expect.stringContaining("params.threshold is ") as string,
      });
    }
    expect(jobsMade()).toHaveLength(0);
  });

  it("runs anew when the same job is over, or about to be cancelled", async () => {
    await client().predictBatch(request);
    const second = await client().predictBatch({ ...request, config: { sync: false } });
    platform.batch.jobs.get(second.name)!.state = "cancelling";
    await expect(client().predictBatch(request)).resolves.toMatchObject({ started: true });
    expect(jobsMade()).toHaveLength(3);
  });

  it("with the new version after an update, starts a job of that", async () => {
    await client().predictBatch({ ...request, config: { sync: false } });
    await client().updateDeployment({ name: "tester", config: { env: { GREETING: "hello" } } });
    await expect(client().predictBatch(request)).resolves.toMatchObject({ modelVersionId: "2", started: true });
  });
});

describe("a create whose answer was lost", () => {
  const lost = new DeploymentError("TEMPORARILY_UNAVAILABLE", "The connection broke.");

  it("is not repeated where it has made the job", async () => {
    const batch = platform.services.batchService;
    const create = batch.create.bind(batch);
    const losing = { list: batch.list.bind(batch), wait: batch.wait.bind(batch), cancel: batch.cancel.bind(batch) };
    const create1: typeof create = async (...args) => {
      await create(...args);
      throw lost;
    };
    await client().predictBatch(request); // an older one of the same kind is not taken for it
    platform.services.batchService = { ...losing, create: create1 };
    await expect(client().predictBatch(request)).resolves.toMatchObject({
      name: expect.stringMatching(/\/2$/) as string,
      started: true,
    });
    expect(platform.batch.jobs.size).toBe(2);
  });

  it("fails where it has made none, and says why", async () => {
    platform.recorder.failNext("batchService", "create", lost);
    await expect(client().predictBatch(request)).rejects.toThrow("The connection broke.");
    expect(platform.recorder.callsOf("batchService", "list").length).toBeGreaterThan(2);
  });

  it("is not looked for after a refusal", async () => {
    const refused = new DeploymentError("PERMISSION_DENIED", "You may not.");
    platform.recorder.failNext("batchService", "create", refused);
    await expect(client().predictBatch(request)).rejects.toBe(refused);
    expect(platform.recorder.callsOf("batchService", "list")).toHaveLength(1);
  });
});

describe("a batch prediction that does not succeed", () => {
  it("fails with the platform's words, where the output is, and the log without values of variables", async () => {
    await setUp({
      containerLog: ["Out of memory", "the password is hunter22"],
      batch: () => ({
        state: "failed",
        error: { code: 9, message: "Model server exited unexpectedly" },
        counts: { successful: 12, failed: 3, incomplete: null },
      }),
    });
    const failure = await client()
      .predictBatch(request)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "FAILED_PRECONDITION" });
    const { message } = failure as DeploymentError;
    expect(message).toMatch(
      /batchPredictionJobs\/1 failed: Model server exited unexpectedly\. .*prediction-1 holds 12 predictions/,
    );
    expect(message).toContain("Out of memory");
    expect(message).toContain("the password is $(PASSWORD)");
    expect(platform.recorder.callsOf("logReader", "jobLog")[0]?.args[0]).toBe("1");
  });

  it("gives what there is when a part of the rows failed, with a warning", async () => {
    await setUp({
      batch: () => ({
        state: "partially-succeeded",
        counts: { successful: 97, failed: 3, incomplete: 0 },
        partialFailures: [{ code: 3, message: "Row 7 is no row" }],
      }),
    });
    const events: ProgressEvent[] = [];
    const prediction = await client().predictBatch({ ...request, onProgress: (event) => events.push(event) });
    expect(prediction).toMatchObject({ state: "partially-succeeded", counts: { successful: 97, failed: 3 } });
    const warning = events.find((event) => event.type === "warning");
    expect(warning?.message).toMatch(/^3 of 100 rows of .* have no prediction: Row 7 is no row\. .*prediction-1/);
  });

  it("is cancelled by its operation, for whoever waits", async () => {
    const operation = await client().predictBatch({ ...request, config: { sync: false } });
    await operation.cancel();
    await expect(operation.wait()).rejects.toMatchObject({ code: "CANCELLED", message: /was cancelled/ });
  });
});

describe("a batch prediction that is not waited for", () => {
  it("is an operation by the job's own name, which another process can wait for and cancel", async () => {
    const operation = await client().predictBatch({ ...request, config: { sync: false } });
    expectTypeOf(operation).toEqualTypeOf<Operation<BatchPrediction>>();
    const { name } = operation;
    expect(name).toBe("projects/acme/locations/us-central1/batchPredictionJobs/1");
    expect(platform.batch.jobs.get(name)?.state).toBe("pending");
    const attached = client().operation("projects/acme/locations/us-central1/batchPredictionJobs/1");
    expectTypeOf(attached).toEqualTypeOf<Operation<BatchPrediction>>();
    await expect(attached.wait()).resolves.toMatchObject({ name, state: "succeeded", started: false });

    const second = await client().predictBatch({ ...request, config: { sync: false } });
    await client().operation(second.name).cancel();
    expect(platform.batch.jobs.get(second.name)?.state).toBe("cancelled");
  });

  it("goes on when the wait for it is stopped, and the error says how to go on", async () => {
    const stop = new AbortController();
    const waiting = client().predictBatch({ ...request, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(waiting).rejects.toMatchObject({
      code: "CANCELLED",
      message: /job goes on.*operation\("projects.*cancel/,
    });
    expect([...platform.batch.jobs.values()]).toMatchObject([{ state: "pending" }]);
  });

  it("is refused for a job of another project or region, and one that is not there", async () => {
    const wait = (name: string) => client().operation(name).wait();
    const elsewhere = "projects/acme/locations/europe-west1/batchPredictionJobs/1";
    await expect(wait(elsewhere)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: /location us-central1/,
    });
    const others = "projects/others/locations/us-central1/batchPredictionJobs/1";
    await expect(wait(others)).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    const nothing = "projects/123/locations/us-central1/batchPredictionJobs/99";
    await expect(wait(nothing)).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

describe("before a job is made", () => {
  const refusal = async (change: object) => {
    const failure: unknown = await client()
      .predictBatch({ ...request, ...change })
      .catch((error: unknown) => error);
    expect(DeploymentError.is(failure)).toBe(true);
    expect(jobsMade()).toEqual([]);
    const { code, message } = failure as DeploymentError;
    return `${code}: ${message}`;
  };

  it.each<[string, object, RegExp]>([
    ["two targets", { endpoint: "e" }, /exactly one of deploymentName or endpoint/],
    ["no input", { input: [] }, /input is missing/],
    ["a missing input", { input: undefined }, /input is missing/],
    ["an input of another scheme", { input: "s3://rows/a.jsonl" }, /"s3:\/\/rows\/a.jsonl" must be gs:/],
    ["an input that is no text", { input: [7] }, /input 7 must be gs:/],
    ["a directory as input", { input: "gs://rows/a/" }, /is a directory.*write gs:\/\/rows\/a\/\*/],
    ["a bucket as input", { input: "gs://rows" }, /is a directory.*gs:\/\/rows\/\*/],
    ["a table beside a file", { input: ["bq://acme-data.a.b", "gs://rows/a.jsonl"] }, /one table, or files/],
    ["a dataset as input", { input: "bq://acme-data.a" }, /is no table/],
    ["a format of no kind", { inputFormat: "parquet" }, /"parquet".*jsonl, csv/],
    ["a file's format for a table", { input: "bq://acme-data.a.b", inputFormat: "csv" }, /one of bigquery/],
    ["BigQuery's format for a file", { inputFormat: "bigquery" }, /of files is one of/],
    ["an output of another scheme", { output: "/tmp/out" }, /output "\/tmp\/out" must be gs:/],
    ["a label of this package's own", { config: { labels: { "batch-hash": "x" } } }, /batch-hash/],
  ])("%s is refused", async (_what, change, expected) => {
    const text = await refusal(change);
    expect(text).toMatch(/^INVALID_PARAMETER_VALUE/);
    expect(text).toMatch(expected);
  });

  it("an input that names no object is refused, with and without wildcards", async () => {
    const missing = /^RESOURCE_DOES_NOT_EXIST: There is no object gs:\/\/rows\//;
    expect(await refusal({ input: "gs://rows/a" })).toMatch(missing);
    expect(await refusal({ input: ["gs://rows/a.jsonl", "gs://rows/*.csv"] })).toMatch(missing);
    expect(await refusal({ input: "gs://rows/?.json" })).toMatch(missing);
  });

  it.each(["gs://rows/*", "gs://rows/?.jsonl", "gs://rows/[ab].jsonl", "gs://rows/deep/**/x+(1).jsonl"])(
    "an input with a wildcard that some object matches is taken: %s",
    async (input) => {
      addObjects("deep/er/x+(1).jsonl");
      await expect(client().predictBatch({ ...request, input })).resolves.toMatchObject({ input: [input] });
    },
  );

  it("a bucket that cannot be used is refused, of input and of output", async () => {
    const wrong = new DeploymentError("INVALID_PARAMETER_VALUE", "The bucket is in EU.");
    platform.recorder.failNext("uploader", "checkBucket", wrong);
    expect(await refusal({ output: "gs://others/predicted" })).toContain("The bucket is in EU.");
    const good = client().predictBatch({ ...request, output: "gs://others/predicted" });
    await expect(good).resolves.toMatchObject({ state: "succeeded" });
    const checked = platform.recorder.callsOf("uploader", "checkBucket").map(({ args }) => args[0]);
    expect(checked).toEqual(["rows", "rows", "others"]);
  });

  it("inputs that the caller may not list are left to Vertex AI, with a warning", async () => {
    platform.recorder.failNext("uploader", "list", new DeploymentError("PERMISSION_DENIED", "You may not list."));
    const events: ProgressEvent[] = [];
    await client().predictBatch({ ...request, input: "gs://rows/none", onProgress: (event) => events.push(event) });
    expect(events[0]).toMatchObject({
      type: "warning",
      message: expect.stringContaining("You may not list.") as string,
    });
  });

  it("a deployment, or an endpoint, that is not there or has no model is refused", async () => {
    expect(await refusal({ deploymentName: "nobody" })).toMatch(/^RESOURCE_DOES_NOT_EXIST/);
    expect(await refusal({ deploymentName: undefined, endpoint: "nowhere" })).toMatch(/^RESOURCE_DOES_NOT_EXIST/);
    for (const endpoint of platform.endpoints.endpoints.values()) Object.assign(endpoint, { deployedModels: [] });
    expect(await refusal({})).toMatch(/^FAILED_PRECONDITION.*has no model yet/);
    const [own] = platform.endpoints.endpoints.keys();
    expect(await refusal({ deploymentName: undefined, endpoint: own })).toMatch(/^FAILED_PRECONDITION.*No model/);
  });

  it("the legacy platform refuses all of it, and says why", async () => {
    const legacy = getDeployClient("aiplatform", { config: { projectId: "acme", platform: "legacy" } });
    await expect(legacy.predictBatch(request)).rejects.toMatchObject({
      code: "NOT_IMPLEMENTED",
      message: /TensorFlow/,
    });
    expect(await legacy.capabilities()).not.toContain("batch");
    const job = legacy.operation("projects/acme/locations/us-central1/batchPredictionJobs/1");
    await expect(job.wait()).rejects.toMatchObject({ code: "NOT_IMPLEMENTED", message: /no batch predictions/ });
  });
});
