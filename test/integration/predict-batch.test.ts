import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import {
  type AiPlatformClient,
  type AiPlatformConfig,
  type BatchPrediction,
  getDeployClient,
  type ProgressEvent,
} from "../../src/index.js";
import { type BatchProcessCall, runKilled, runToEnd } from "../support/killed-call.js";
import { writePyfunc } from "../support/pyfunc-model.js";
import { testPython } from "../support/python.js";
import { runCli } from "../support/run-cli.js";

let directory: string;
let emulator: Emulator;
let storage: Storage;
let config: AiPlatformConfig;
let client: AiPlatformClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "batch-"));
  await writePyfunc(join(directory, "times-10"), 10);
  emulator = await startEmulator({
    dataDir: join(directory, "emulator"),
    python: testPython(),
    record: join(inject("recordings"), "predict-batch.jsonl"),
    operationLatencyMs: 10,
  });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
  await emulator.createBucket("acme-abroad", { location: "europe-west1", project: "acme" });
  storage = new Storage({ apiEndpoint: emulator.url, projectId: "acme" });
  config = { projectId: "acme", productionBucket: "acme-models", emulatorHost: emulator.host };
  client = getDeployClient("aiplatform", { config });
  await client.createDeployment({ name: "tester", modelUri: join(directory, "times-10") });
});

afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

type Row = readonly unknown[];

const rowsOf = (count: number): Row[] => Array.from({ length: count }, (_, index) => [index, index / 7, -index * 0.1]);

/** Writes rows into a file of the bucket, and gives the request that predicts them. */
async function request(name: string, rows: readonly Row[]) {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  await storage.bucket("acme-models").file(`rows/${name}.jsonl`).save(text, { resumable: false });
  return {
    deploymentName: "tester",
    input: `gs://acme-models/rows/${name}.jsonl`,
    output: `gs://acme-models/predicted/${name}`,
  };
}

interface OutputLine {
  instance: Row;
  prediction?: unknown;
}

/** The lines of the files that a job wrote, of those whose names begin so. */
async function linesOf({ outputDirectory }: BatchPrediction, start: string): Promise<string[]> {
  const [, prefix] = /^gs:\/\/acme-models\/(.*)$/.exec(outputDirectory ?? "") ?? [];
  const [files] = await storage.bucket("acme-models").getFiles({ prefix: `${prefix}/${start}` });
  const texts = await Promise.all(files.map(async (file) => (await file.download())[0].toString()));
  return texts.flatMap((text) => text.split("\n").filter(Boolean));
}

async function resultsOf(prediction: BatchPrediction): Promise<OutputLine[]> {
  return (await linesOf(prediction, "prediction.results")).map((line) => JSON.parse(line) as OutputLine);
}

/** So many rows, one at a time, take the emulator seconds. */
const slowly = { batchSize: 1 };

describe("a batch prediction on the emulator", () => {
  it("predicts a thousand rows as the deployment does, row by row, and says how it goes", async () => {
    const rows = rowsOf(1000);
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent) => events.push(event);
    const prediction = await client.predictBatch({ ...(await request("thousand", rows)), onProgress });
    expect(prediction).toMatchObject({
      state: "succeeded",
      started: true,
      modelVersionId: "1",
      counts: { successful: 1000, failed: 0 },
      partialFailures: [],
      error: null,
    });
    const { predictions } = await client.predict({ deploymentName: "tester", inputs: rows });
    const results = await resultsOf(prediction);
    const byRow = new Map(results.map((line) => [JSON.stringify(line.instance), line.prediction]));
    expect(rows.map((row) => byRow.get(JSON.stringify(row)))).toEqual(predictions);
    expect(byRow.size).toBe(1000);
    expect(events.filter((event) => event.type === "step").map(({ status }) => status)).toEqual(["started", "done"]);
  });

  it("reports the rows that the model refuses, and gives the predictions of the others", async () => {
    const rows = [...rowsOf(20), [1, "two", 3]];
    const events: ProgressEvent[] = [];
    const prediction = await client.predictBatch({
      ...(await request("partial", rows)),
      config: { batchSize: 1 },
      onProgress: (event) => events.push(event),
    });
    expect(prediction).toMatchObject({ state: "partially-succeeded", counts: { successful: 20, failed: 1 } });
    expect(prediction.partialFailures[0]?.message).toContain("two");
    expect(await linesOf(prediction, "prediction.errors")).toHaveLength(1);
    const warning = events.find((event) => event.type === "warning");
    expect(warning?.message).toMatch(/^1 of 21 rows of .*two/s);
  });

  it("fails with the platform's words when no row can be predicted", async () => {
    const failing = client.predictBatch(await request("nothing", [["one", "two", "three"]]));
    await expect(failing).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^The batch prediction projects\/acme\/.* failed: .*three|one/s) as string,
    });
  });

  it("reads CSV, and several files by a wildcard", async () => {
    await request("part-1", rowsOf(3));
    await request("part-2", rowsOf(4));
    const parts = {
      deploymentName: "tester",
      input: "gs://acme-models/rows/part-*.jsonl",
      output: "gs://acme-models/p",
    };
    expect((await client.predictBatch(parts)).counts.successful).toBe(7);
    await storage.bucket("acme-models").file("rows/a.csv").save("a,b,c\n1,2,3\n4,5,6\n", { resumable: false });
    const csv = { ...parts, input: "gs://acme-models/rows/a.csv", inputFormat: "csv" as const };
    const lines = await resultsOf(await client.predictBatch(csv));
    expect(new Set(lines.map(({ prediction }) => prediction))).toEqual(new Set([60, 150]));
  });

  it("refuses an input that is not there and a bucket of another region, and starts nothing", async () => {
    const there = await request("there", rowsOf(1));
    await expect(client.predictBatch({ ...there, input: "gs://acme-models/rows/none.jsonl" })).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
    await expect(client.predictBatch({ ...there, output: "gs://acme-abroad/out" })).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(/acme-abroad.*us-central1/s) as string,
    });
    await expect(client.predictBatch({ ...there, output: "gs://acme-nowhere/out" })).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
  });
});

describe("a batch prediction that a process does not wait for", () => {
  it("is waited for by another process, by the job's name", async () => {
    const operation = await client.predictBatch({
      ...(await request("attached", rowsOf(200))),
      config: { sync: false },
    });
    const cli = ["predict-batch", "-t", "aiplatform", "--job", operation.name];
    const settings = Object.entries(config).flatMap(([name, value]) => ["-C", `${name}=${value as string}`]);
    const { code, out } = await runCli([...cli, ...settings]);
    expect([code, out.join("\n")]).toEqual([0, expect.stringContaining("200 rows predicted")]);
  });

  it("is cancelled by its name, and whoever waits is told", async () => {
    const rows = await request("cancelled", rowsOf(20_000));
    const operation = await client.predictBatch({ ...rows, config: { sync: false, ...slowly } });
    await getDeployClient("aiplatform", { config }).operation(operation.name).cancel();
    await expect(operation.wait()).rejects.toMatchObject({ code: "CANCELLED" });
    await operation.cancel();
  });

  it("goes on when its process is killed, and the same call finds it, and starts no second one", async () => {
    const call: BatchProcessCall = {
      method: "predictBatch",
      options: { ...(await request("killed", rowsOf(1000))), config: slowly },
      config,
    };
    const isCreate = (line: string) => line.startsWith("POST") && line.includes("batchPredictionJobs");
    const { killed } = await runKilled(emulator, call, isCreate);
    expect(killed).toBe(true);
    const again = await runToEnd<BatchPrediction>(emulator, call);
    expect(again).toMatchObject({ state: "succeeded", started: false, counts: { successful: 1000 } });
  });
});
