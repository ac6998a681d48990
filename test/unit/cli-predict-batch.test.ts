import { beforeEach, describe, expect, it } from "vitest";

import {
  BaseDeploymentClient,
  type BatchPrediction,
  DeploymentError,
  type Operation,
  registerTarget,
} from "../../src/index.js";
import { type FakeCall, registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

const job = "projects/acme/locations/us-central1/batchPredictionJobs/7";
const prediction: BatchPrediction = {
  name: job,
  state: "succeeded",
  started: true,
  model: "projects/acme/locations/us-central1/models/iris",
  modelVersionId: "2",
  input: ["gs://rows/a.jsonl"],
  inputFormat: "jsonl",
  output: "gs://rows/predicted",
  outputDirectory: "gs://rows/predicted/prediction-1",
  counts: { successful: 1000, failed: 0, incomplete: 0 },
  partialFailures: [],
  error: null,
  labels: {},
  createTime: null,
  startTime: null,
  endTime: null,
};
const partial: BatchPrediction = {
  ...prediction,
  state: "partially-succeeded",
  counts: { successful: 1, failed: 2, incomplete: 4 },
  partialFailures: [
    { code: 3, message: "Row 7 is\nno row \u001B[31m" },
    { code: null, message: "Row 9 is none" },
  ],
};

const files = ["--input-uri", "gs://rows/a.jsonl", "--output-uri", "gs://rows/predicted"];
const predict = ["predict-batch", "-t", "fake", "--name", "tester", ...files];

let calls: FakeCall[];
let answer: () => Promise<BatchPrediction>;
beforeEach(() => {
  answer = () => Promise.resolve(prediction);
  calls = registerFakeTarget("fake", { predictBatch: () => answer() });
});

describe("predict-batch", () => {
  it("passes what was typed on, and prints the job, its rows and where the predictions are", async () => {
    const { code, out } = await runCli([
      ...predict,
      "--input-uri",
      "gs://rows/b.csv",
      "--input-format",
      "csv",
      "--params",
      '{"a": 1}',
      "-C",
      "batchSize=8",
    ]);
    expect(code).toBe(0);
    expect(calls[1]?.options).toMatchObject({
      deploymentName: "tester",
      input: ["gs://rows/a.jsonl", "gs://rows/b.csv"],
      output: "gs://rows/predicted",
      inputFormat: "csv",
      params: { a: 1 },
      config: { batchSize: "8" },
    });
    expect(out.join("\n").split("\n")).toEqual([
      `Batch prediction ${job} has succeeded`,
      "  model:     projects/acme/locations/us-central1/models/iris, version 2",
      "  rows:      1000 rows predicted",
      "  output:    gs://rows/predicted/prediction-1",
    ]);
  });

  it("shows what failed of the rows, and ends with exit code 1", async () => {
    answer = () => Promise.resolve(partial);
    const { code, out } = await runCli(predict);
    expect(code).toBe(1);
    expect(out.join("\n").split("\n")).toEqual([
      `Batch prediction ${job} has succeeded in part`,
      "  model:     projects/acme/locations/us-central1/models/iris, version 2",
      "  rows:      1 row predicted, 2 failed, 4 not reached",
      "  output:    gs://rows/predicted/prediction-1",
      "Failures:",
      "  code 3: Row 7 is no row",
      "  Row 9 is none",
    ]);
  });

  it("writes the result as JSON, and as a table", async () => {
    answer = () => Promise.resolve(partial);
    const json = await runCli([...predict, "--json"]);
    expect(json.out.map((line) => JSON.parse(line) as unknown)).toEqual([{ type: "result", result: partial }]);
    expect(json.code).toBe(1);
    const table = await runCli([...predict, "--output", "table"]);
    expect(table.out).toContain("state    partially-succeeded");
    expect(table.out).toContain("failure  Row 9 is none");
  });

  it("prints the job's name alone where it is not to be waited for, and does not wait", async () => {
    const operation = { name: job, wait: () => Promise.reject(new Error("nobody waits")), cancel: async () => {} };
    answer = () => Promise.resolve(operation as unknown as BatchPrediction);
    expect(await runCli([...predict, "-C", "sync=false"])).toMatchObject({ code: 0, out: [job] });
  });

  it("says after a Ctrl-C that the job goes on, how to wait for it and how to cancel it", async () => {
    answer = () =>
      Promise.reject(new DeploymentError("CANCELLED", `The wait for ${job} was stopped, and the job goes on.`));
    const { err } = await runCli(predict, undefined, { signal: AbortSignal.abort() });
    expect(err.join("\n")).toMatch(/the job goes on[^]*Hint: The same command again waits.*--job NAME --cancel/);
  });

  it.each([
    [["predict-batch", "-t", "fake", ...files], "exactly one of --name or --endpoint"],
    [[...predict, "--endpoint", "e"], "exactly one of --name or --endpoint"],
    [["predict-batch", "-t", "fake", "--name", "a"], "Missing option '--input-uri'."],
    [["predict-batch", "-t", "fake", "--name", "a", "--input-uri", "gs://a/b"], "Missing option '--output-uri'."],
    [[...predict, "--input-format", "parquet"], "'parquet' is not one of"],
    [[...predict, "--params", "[1]"], "Invalid value for '--params': It is a JSON object."],
    [[...predict, "--params", "a=1"], "Invalid value for '--params': It is not valid JSON: "],
    [[...predict, "--cancel"], "--cancel needs --job."],
    [[...predict, "--job", job], "--job is a job that is there"],
  ])("refuses %j", async (argv, message) => {
    const { code, err } = await runCli(argv);
    expect(code).toBe(2);
    expect(err.join("\n")).toContain(message);
    expect(calls.filter(({ method }) => method === "predictBatch")).toEqual([]);
  });
});

describe("predict-batch --job", () => {
  let cancelled: string[];
  let result: unknown;

  beforeEach(() => {
    cancelled = [];
    result = { ...prediction, started: false };
    class JobClient extends BaseDeploymentClient {
      createDeployment = unused;
      updateDeployment = unused;
      deleteDeployment = unused;
      listDeployments = unused;
      getDeployment = unused;
      predict = unused;
      override operation(name: string): Operation<BatchPrediction> {
        return { name, wait: async () => result as BatchPrediction, cancel: async () => void cancelled.push(name) };
      }
    }
    registerTarget({
      name: "jobs",
      createClient: ({ uri }) => new JobClient(uri),
      targetHelp: () => "",
      runLocal: unused,
    });
  });

  it("waits for a job that is there", async () => {
    const { code, out } = await runCli(["predict-batch", "-t", "jobs", "--job", job]);
    expect([code, out[0]?.split("\n")[0]]).toEqual([0, `Batch prediction ${job} has succeeded`]);
  });

  it("cancels it", async () => {
    const { code, out } = await runCli(["predict-batch", "-t", "jobs", "--job", job, "--cancel"]);
    expect([code, out]).toEqual([0, [`Batch prediction ${job} is asked to stop`]]);
    expect(cancelled).toEqual([job]);
  });

  it("refuses an operation that is no batch prediction", async () => {
    result = null;
    const { code, err } = await runCli(["predict-batch", "-t", "jobs", "--job", "deployments/a/calls/1"]);
    expect(code).toBe(2);
    expect(err.join("\n")).toContain("deployments/a/calls/1 is no batch prediction");
  });
});

function unused(): Promise<never> {
  return Promise.reject(new Error("No test calls this."));
}
