import { once } from "node:events";
import { cp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ObjectStore } from "../../src/emulator/cloud-storage/object-store.js";
import { JobServer } from "../../src/emulator/vertex/batch/job-server.js";
import { readInputs } from "../../src/emulator/vertex/batch/read-inputs.js";
import type { Deployment } from "../../src/emulator/vertex/endpoints/endpoint-record.js";
import { freePort } from "../../src/runtime/process.js";
import { container, type Json, location, startVertex, type VertexFixture } from "./emulator-vertex-fixture.js";

const machineSpec = { machineType: "n1-standard-2" };

let vertex: VertexFixture;
let model: string;

async function setUp(options: Parameters<typeof startVertex>[0] = {}): Promise<void> {
  vertex = await startVertex(options);
  await vertex.objects.createBucket("acme-data", { project: "acme", location: "europe-west1" });
  model = await vertex.upload({ displayName: "iris" });
}

beforeEach(() => setUp());

afterEach(async () => {
  await vertex.stop();
});

const put = (object: string, content: string) => vertex.objects.write("acme-data", object, Buffer.from(content));

async function read(object: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await vertex.objects.open("acme-data", object)) as AsyncIterable<Buffer>)
    chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const jsonLines = (text: string): Json[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json);

/** A job that reads gs://acme-data/in.jsonl; what is given comes on top. */
function request(job: Json = {}): Json {
  return {
    displayName: "nightly",
    model,
    inputConfig: { instancesFormat: "jsonl", gcsSource: { uris: ["gs://acme-data/in.jsonl"] } },
    outputConfig: { predictionsFormat: "jsonl", gcsDestination: { outputUriPrefix: "gs://acme-data/out" } },
    dedicatedResources: { machineSpec },
    ...job,
  };
}

const create = async (job: Json = {}): Promise<Json> => {
  const { status, json } = await vertex.call("POST", `${location}/batchPredictionJobs`, request(job));
  if (status !== 200) throw new Error(JSON.stringify(json));
  return json;
};

const over = /SUCCEEDED|FAILED|CANCELLED/;

async function finished({ name }: Json): Promise<Json> {
  await expect
    .poll(async () => (await vertex.call("GET", name as string)).json["state"] as string, { timeout: 20_000 })
    .toMatch(over);
  return (await vertex.call("GET", name as string)).json;
}

const run = async (job: Json = {}): Promise<Json> => finished(await create(job));

/** The content of a job's files, by their names in its directory. */
async function outputs(job: Json): Promise<Record<string, string>> {
  const directory = (job["outputInfo"] as Json)["gcsOutputDirectory"] as string;
  const prefix = `${directory.replace("gs://acme-data/", "")}/`;
  const listed = await vertex.objects.list("acme-data", prefix);
  return Object.fromEntries(
    await Promise.all(listed.map(async ({ name }) => [name.slice(prefix.length), await read(name)] as const)),
  );
}

const results = async (job: Json) => jsonLines((await outputs(job))["prediction.results-00000-of-00001"]!);

const csv = { instancesFormat: "csv", gcsSource: { uris: ["gs://acme-data/in.csv"] } };

describe("a batch prediction job", () => {
  it("predicts each line of its input into a directory named after model and time", async () => {
    await put("in.jsonl", '[1, 2]\n{"a": "ü\u2028"}\r\n\n"x"');
    const created = await create({ labels: { team: "ml" } });
    expect(created).toMatchObject({ displayName: "nightly", state: "JOB_STATE_PENDING", modelVersionId: "1" });
    expect(created["name"]).toMatch(/^projects\/\d+\/locations\/europe-west1\/batchPredictionJobs\/\d+$/);
    const job = await finished(created);
    expect(job).toMatchObject({
      state: "JOB_STATE_SUCCEEDED",
      model,
      labels: { team: "ml" },
      completionStats: { successfulCount: "3" },
      resourcesConsumed: { replicaHours: expect.any(Number) as number },
    });
    expect(job).not.toHaveProperty("error");
    expect(job).not.toHaveProperty("partialFailures");
    const { createTime, startTime, endTime } = job as Record<string, string>;
    expect(createTime! <= startTime! && startTime! <= endTime!).toBe(true);
    expect((job["outputInfo"] as Json)["gcsOutputDirectory"]).toBe(
      `gs://acme-data/out/prediction-iris-${createTime!.replace(/[-:.]/g, "_")}`,
    );
    const files = await outputs(job);
    expect(Object.keys(files)).toEqual(["prediction.errors_stats-00000-of-00001", "prediction.results-00000-of-00001"]);
    expect(files["prediction.errors_stats-00000-of-00001"]).toBe("");
    expect(jsonLines(files["prediction.results-00000-of-00001"]!)).toEqual([
      { instance: [1, 2], prediction: [1, 2] },
      { instance: { a: "ü\u2028" }, prediction: { a: "ü\u2028" } },
      { instance: "x", prediction: "x" },
    ]);
  });

  it("sends batches of 64 instances, or of the size that was asked for, with the parameters", async () => {
    await put("in.jsonl", Array.from({ length: 130 }, (_, index) => `${index}\n`).join(""));
    const sizes = async (job: Json) => {
      const all = (await results(await run(job))).map((each) => each["prediction"] as number);
      return [...new Set(all)];
    };
    expect(await sizes({ modelParameters: { reply: "together" } })).toEqual([64, 2]);
    const manualBatchTuningParameters = { batchSize: 100 };
    expect(await sizes({ modelParameters: { reply: "together" }, manualBatchTuningParameters })).toEqual([100, 30]);
    const told = await results(await run({ modelParameters: { reply: "told", threshold: 0.5 } }));
    expect(told[0]).toEqual({ instance: 0, prediction: [0, { threshold: 0.5 }] });
  });

  it("keeps requests below 1.5 MB, and fails an instance that is larger by itself", async () => {
    const line = (length: number) => `"${"x".repeat(length)}"\n`;
    await put("in.jsonl", [line(900_000), line(900_000), line(1_499_990), line(2_000_000), line(10)].join(""));
    const job = await run({ modelParameters: { reply: "together" } });
    expect(job).toMatchObject({
      state: "JOB_STATE_PARTIALLY_SUCCEEDED",
      completionStats: { successfulCount: "3", failedCount: "2" },
    });
    expect((await results(job)).map((each) => each["prediction"])).toEqual([1, 2, 2]);
    expect((job["partialFailures"] as Json[]).map((each) => each["message"] as string)).toEqual([
      "The instance has 1499993 bytes; at most 1500000 can be sent to the model.",
      "The instance has 2000002 bytes; at most 1500000 can be sent to the model.",
    ]);
  });

  it("spreads its predictions over a file for each starting replica", async () => {
    await put("in.jsonl", "1\n2\n3\n");
    const job = await run({
      dedicatedResources: { machineSpec, startingReplicaCount: 2 },
      manualBatchTuningParameters: { batchSize: 1 },
    });
    const files = await outputs(job);
    const predictions = [0, 1].map((index) =>
      jsonLines(files[`prediction.results-0000${index}-of-00002`]!).map((each) => each["prediction"] as number),
    );
    expect(predictions).toEqual([[1, 3], [2]]);
  });

  it("reads several URIs, with wildcards, and each object once", async () => {
    await Promise.all(
      ["in/a-1.jsonl", "in/a-2.jsonl", "in/deep/a-3.jsonl", "in/b.jsonl"].map((name) => put(name, `"${name}"\n`)),
    );
    const read = async (...uris: string[]) => {
      const job = await run({ inputConfig: { instancesFormat: "jsonl", gcsSource: { uris } } });
      return (await results(job)).map((each) => each["instance"] as string);
    };
    expect(
      await read("gs://acme-data/in/b.jsonl", "gs://acme-data/in/a-*.jsonl", "gs://acme-data/in/a-1.jsonl"),
    ).toEqual(["in/b.jsonl", "in/a-1.jsonl", "in/a-2.jsonl"]);
    expect(await read("gs://acme-data/**a-[23].json?")).toEqual(["in/a-2.jsonl", "in/deep/a-3.jsonl"]);
  });

  it("runs the version that its model's name says, and logs what its container writes", async () => {
    await put("in.jsonl", "1\n");
    await vertex.upload({ displayName: "iris", versionAliases: ["golden"] }, { parentModel: model });
    const job = await run({ model: `${model}@golden` });
    expect(job).toMatchObject({ state: "JOB_STATE_SUCCEEDED", model: `${model}@golden`, modelVersionId: "2" });
    const id = (job["name"] as string).split("/").at(-1);
    expect(
      vertex.logged.map(({ resource, textPayload }) => [resource.type, resource.labels["job_id"], textPayload]),
    ).toEqual([["ml_job", id, "starting as a good server"]]);
    await run({ disableContainerLogging: true });
    expect(vertex.logged).toHaveLength(1);
  });

  it("stops its server when it is over", async () => {
    await put("in.jsonl", "1\n");
    const [{ prediction: pid } = {}] = await results(await run({ modelParameters: { reply: "pid" } }));
    expect(() => process.kill(pid as number, 0)).toThrow("ESRCH");
  });

  it("gives its container the copy of the model's artifacts", async () => {
    await vertex.objects.createBucket("acme-models", { project: "acme", location: "europe-west1" });
    await vertex.objects.write("acme-models", "iris/weights", Buffer.from("w"));
    const withArtifacts = await vertex.upload({ artifactUri: "gs://acme-models/iris" });
    await put("in.jsonl", "1\n2\n");
    const job = await run({ model: withArtifacts, modelParameters: { reply: "storage", object: "weights" } });
    // it answers two predictions: the status, and the content
    expect((await results(job)).map((each) => each["prediction"])).toEqual([200, "w"]);
  });
});

describe("the input of a job", () => {
  /** What is read of a file of this content, `chunks` of which were asked for by then. */
  function reading(content: Iterable<string>) {
    const asked = { chunks: 0 };
    const counted = function* () {
      for (const chunk of content) {
        asked.chunks++;
        yield Buffer.from(chunk);
      }
    };
    const objects = { open: async () => Readable.from(counted()) } as unknown as ObjectStore;
    const files = [{ bucket: "acme-data", object: "in.jsonl" }];
    return { asked, inputs: readInputs(objects, files, { format: "jsonl", config: {} }) };
  }

  it("is read as far as it is needed", async () => {
    const endless = function* () {
      for (;;) yield "1\n2\n";
    };
    const { asked, inputs } = reading(endless());
    for (let count = 0; count < 1000; count++) expect((await inputs.next()).done).toBe(false);
    await inputs.return(undefined);
    expect(asked.chunks).toBeLessThan(600);
  });

  it("has its lines whole, however they are cut", async () => {
    const { inputs } = reading('[1,\r2]\r\n\n  \n"a\\nb"\n3'.split(""));
    const read: unknown[] = [];
    for await (const input of inputs) read.push("instance" in input && input.instance);
    expect(read).toEqual([[1, 2], "a\nb", 3]);
  });

  it("is not kept where a line has no end", async () => {
    const { inputs } = reading([...Array.from({ length: 50 }, () => "x".repeat(100_000)), "\n1\n"]);
    const problem = "The instance has 5000000 bytes; at most 1500000 can be sent to the model.";
    expect((await inputs.next()).value).toEqual({ source: { instance: null }, problem });
    expect((await inputs.next()).value).toMatchObject({ instance: 1 });
  });
});

describe("instances of a job", () => {
  const instances = async (job: Json) => {
    const done = await run({ modelParameters: { reply: "told" }, ...job });
    return (await results(done)).map(({ prediction, ...source }) => [source, (prediction as unknown[])[0]]);
  };

  it("are the objects of the lines, without the key field, which stands in the output in their place", async () => {
    await put("in.jsonl", '{"id": 7, "b": 2, "a": 1}\n');
    expect(await instances({ instanceConfig: { keyField: "id" } })).toEqual([[{ key: 7 }, { b: 2, a: 1 }]]);
    expect(
      await instances({ instanceConfig: { keyField: "id", instanceType: "array", includedFields: ["a", "b"] } }),
    ).toEqual([[{ key: 7 }, [1, 2]]]);
  });

  it("have the included fields in their order, or all but the excluded ones, which the output has", async () => {
    await put("in.jsonl", '{"id": 7, "b": 2, "a": 1}\n');
    const row = { instance: { id: 7, b: 2, a: 1 } };
    const config = (instanceConfig: Json) => instances({ instanceConfig });
    expect(await config({ includedFields: ["b"] })).toEqual([[row, { b: 2 }]]);
    expect(await config({ excludedFields: ["b"], instanceType: "object" })).toEqual([[row, { id: 7, a: 1 }]]);
    expect(await config({ includedFields: ["a", "b"], instanceType: "array" })).toEqual([[row, [1, 2]]]);
  });

  it("are the rows of a CSV file in the order of its columns: strings in quotes, all else numbers", async () => {
    await put("in.csv", '\uFEFF"id",b,"a, c"\r\n"x""1",2,"y"\r\n7, 1e2,""\r\n');
    expect(await instances({ inputConfig: csv })).toEqual([
      [{ instance: ['x"1', 2, "y"] }, ['x"1', 2, "y"]],
      [{ instance: [7, 100, ""] }, [7, 100, ""]],
    ]);
    expect(await instances({ inputConfig: csv, instanceConfig: { keyField: "id" } })).toEqual([
      [{ key: 'x"1' }, [2, "y"]],
      [{ key: 7 }, [100, ""]],
    ]);
  });

  it("are the contents of listed files", async () => {
    await put("picture", "abc");
    await put("in.txt", "gs://acme-data/picture\ngs://acme-data/none\n");
    const inputConfig = { instancesFormat: "file-list", gcsSource: { uris: ["gs://acme-data/in.txt"] } };
    expect(await instances({ inputConfig })).toEqual([[{ instance: "gs://acme-data/picture" }, { b64: "YWJj" }]]);
  });
});

describe("errors of a job", () => {
  it("are those of single instances, though whole batches failed", async () => {
    await put("in.jsonl", '"a"\n"bad"\n"c"\n"bad"\nnot json\n');
    const job = await run({ modelParameters: { reply: "picky" } });
    const message =
      'Post request fails. Cannot get predictions. Error: Non-OK result 422 ({"detail": "it isn\'t good"}) from server.';
    const invalid = { code: 3, message: "Invalid JSON line in the input." };
    expect(job).toMatchObject({
      state: "JOB_STATE_PARTIALLY_SUCCEEDED",
      completionStats: { successfulCount: "2", failedCount: "3" },
    });
    expect(job).not.toHaveProperty("error");
    expect(job["partialFailures"]).toEqual(expect.arrayContaining([{ code: 3, message }, invalid]));
    expect((await results(job)).map((each) => each["prediction"])).toEqual(["a", "c"]);
    const files = await outputs(job);
    expect(jsonLines(files["errors_0001.jsonl"]!)).toEqual(
      expect.arrayContaining([
        { instance: "bad", error: { code: 3, message } },
        { instance: "bad", error: { code: 3, message } },
        { instance: "not json", error: invalid },
      ]),
    );
    expect(files["prediction.errors_stats-00000-of-00001"]!.split("\n").toSorted()).toEqual([
      "",
      "('Invalid JSON line in the input.', 1)",
      String.raw`('Post request fails. Cannot get predictions. Error: Non-OK result 422 ({"detail": "it isn\'t good"}) from server.', 2)`,
    ]);
  });

  it("fail the job when no instance has a prediction", async () => {
    await put("in.jsonl", "1\n2\n");
    const failed = await run({ modelParameters: { reply: "error" } });
    expect(failed).toMatchObject({ state: "JOB_STATE_FAILED", completionStats: { failedCount: "2" } });
    expect((failed["error"] as Json)["message"]).toContain("Non-OK result 500");
    expect((failed["partialFailures"] as Json[])[0]).toMatchObject({ code: 13 });
    const short = await run({ modelParameters: { reply: "short" } });
    expect(short["error"]).toEqual({
      code: 9,
      message:
        "All 2 instances failed. The first error: Prediction failed: the model server answered 0 predictions for 1 instances.",
    });
    const nothing = await run({ modelParameters: { reply: "nothing" } });
    expect((nothing["error"] as Json)["message"]).toContain('has no list "predictions"');
  });

  it.each([
    ['[1]\n{"a": 1}\n', { instanceType: "object" }, "Each line of the input must be a JSON object."],
    ['{"a": 1}\n', { instanceType: "array" }, "included_fields must be populated"],
    ["5\n", { instanceType: "array" }, "Each line of the input must be a JSON array or object."],
    ['{"a": 1}\n', { keyField: "id" }, 'The input has no field "id".'],
    ["[1]\n", { includedFields: ["a"] }, "Each line of the input must be a JSON object."],
  ])("name what a line %j lacks with %j", async (input, instanceConfig, message) => {
    await put("in.jsonl", input);
    const job = await run({ instanceConfig });
    expect((job["partialFailures"] as Json[]).map((each) => each["message"] as string).join()).toContain(message);
  });

  it.each([
    ['"a",b\n"x",y\n"x",1\n', 'The value of column "b" is not a number; strings must be in double quotes.'],
    ['"a",b\n"x",\n"x",1\n', 'The value of column "b" is not a number; strings must be in double quotes.'],
    ['"a",b\n"x"\n"x",1\n', "The CSV line has 1 values, and the header 2."],
    ['"a",b\n"x,1\n"x",1\n', "Invalid CSV line in the input: a double quote is out of place."],
  ])("name what is wrong with a line of %j", async (input, message) => {
    await put("in.csv", input);
    const job = await run({ inputConfig: csv });
    expect(job).toMatchObject({ state: "JOB_STATE_PARTIALLY_SUCCEEDED", partialFailures: [{ code: 3, message }] });
  });

  it("fail it for an input that is missing or empty, and for buckets that are missing or elsewhere", async () => {
    await put("in.jsonl", "\n");
    await put("in.csv", "a,b\n");
    await vertex.objects.createBucket("far", { project: "acme", location: "us-east1" });
    const source = (uri: string) => ({ inputConfig: { instancesFormat: "jsonl", gcsSource: { uris: [uri] } } });
    const target = (outputUriPrefix: string) => ({
      outputConfig: { predictionsFormat: "jsonl", gcsDestination: { outputUriPrefix } },
    });
    const outcomes = [
      [source("gs://acme-data/none"), 5, "The Cloud Storage URI gs://acme-data/none does not match any object."],
      [source("gs://acme-data/[z-a]"), 3, 'The wildcards of "[z-a]" cannot be read.'],
      [source("gs://none/in"), 5, "The Cloud Storage bucket gs://none does not exist."],
      [target("gs://none"), 5, "The Cloud Storage bucket gs://none does not exist."],
      [target("gs://far/out"), 9, "It must be in the same regional location as the service location `europe-west1`."],
      [{}, 3, "The input of the BatchPredictionJob has no instances."],
      [{ inputConfig: csv }, 3, "The input of the BatchPredictionJob has no instances."],
      [{ inputConfig: csv, instanceConfig: { keyField: "id" } }, 3, 'has no column "id", which is the key field.'],
    ] as const;
    for (const [job, code, message] of outcomes) {
      const failed = await run(job);
      expect(failed).toMatchObject({ state: "JOB_STATE_FAILED", error: { code } });
      expect((failed["error"] as Json)["message"]).toContain(message);
      expect(failed).not.toHaveProperty("outputInfo");
    }
    expect(vertex.logged).toEqual([]); // no server was started
  });

  it("fail it in the words of a deployment when its server does not start", async () => {
    await put("in.jsonl", "1\n");
    const exiting = await vertex.upload({ containerSpec: container({ mode: "exit" }) });
    const failed = await run({ model: exiting });
    expect(failed).toMatchObject({ state: "JOB_STATE_FAILED", error: { code: 9 } });
    const { message } = failed["error"] as { message: string };
    expect(message).toMatch(/^Model server exited unexpectedly\. Model server logs can be found at https:/);
    expect(decodeURIComponent(message)).toContain('resource.type="ml_job"');
  });

  it("are of the instance alone that kills the server, which is started again", async () => {
    await put("in.jsonl", '"a"\n"poison"\n"c"\n');
    const job = await run({ modelParameters: { reply: "mortal" } });
    expect(job).toMatchObject({
      state: "JOB_STATE_PARTIALLY_SUCCEEDED",
      completionStats: { successfulCount: "2", failedCount: "1" },
      partialFailures: [{ code: 14 }],
    });
    expect((await results(job)).map((each) => each["prediction"])).toEqual(["a", "c"]);
  });
});

describe("a server that is lost", () => {
  const containerSpec = { imageUri: "x", predictRoute: "/predict" };

  function jobServer(address: () => Promise<string>, restartMs: number): JobServer {
    const deployment = { version: { containerSpec } } as unknown as Deployment;
    const use = { address, isLeaving: false, done: () => {} };
    return new JobServer(deployment, use, { restartMs, signal: new AbortController().signal });
  }

  it("fails the job when it is lost six times in a row", async () => {
    const cutting = createServer((request) => request.socket.destroy()).listen(0, "127.0.0.1");
    await once(cutting, "listening");
    const { port } = cutting.address() as AddressInfo;
    const server = jobServer(async () => `http://127.0.0.1:${port}`, 5000);
    for (let time = 1; time <= 5; time++) {
      await expect(server.predict("{}", 1)).rejects.toMatchObject({ name: "PredictionError", status: { code: 14 } });
    }
    await expect(server.predict("{}", 1)).rejects.toMatchObject({
      name: "GoogleError",
      message: "Model server exited unexpectedly.",
    });
    cutting.close();
  });

  it("is asked again where its address was an old one, for as long as it may take to start", async () => {
    const old = `http://127.0.0.1:${await freePort()}`;
    const restarted = createServer((_, response) => response.end('{"predictions": [5]}')).listen(0, "127.0.0.1");
    await once(restarted, "listening");
    const addresses = [old, old, `http://127.0.0.1:${(restarted.address() as AddressInfo).port}`];
    expect(await jobServer(async () => addresses.shift()!, 60_000).predict("{}", 1)).toEqual([5]);
    expect(addresses).toEqual([]);
    restarted.close();
    await expect(jobServer(async () => old, 1).predict("{}", 1)).rejects.toMatchObject({ status: { code: 14 } });
  });

  it("fails the job when it does not start again", async () => {
    await vertex.stop();
    await setUp({ longestStartMs: 3000 });
    await put("in.jsonl", '"a"\n"poison"\n"c"\n');
    const env = [{ name: "FAKE_MARKER", value: join(vertex.dataDir, "started") }];
    const brittle = await vertex.upload({ containerSpec: container({ env }) });
    const manualBatchTuningParameters = { batchSize: 1 };
    const job = await run({ model: brittle, modelParameters: { reply: "mortal" }, manualBatchTuningParameters });
    expect(job).toMatchObject({
      state: "JOB_STATE_FAILED",
      error: { code: 9, message: "Model server exited unexpectedly, and did not become ready again." },
      completionStats: { successfulCount: "1", failedCount: "1", incompleteCount: "-1" },
    });
    expect(await results(job)).toEqual([{ instance: "a", prediction: "a" }]);
  });
});

describe("requests about jobs", () => {
  it.each([
    [{ displayName: undefined }, "Field: batch_prediction_job.display_name; Message: Required field is not set."],
    [{ model: undefined }, "Exactly one of model and unmanaged_container_model must be set."],
    [{ inputConfig: undefined }, "batch_prediction_job.input_config"],
    [{ inputConfig: { instancesFormat: "jsonl" } }, "batch_prediction_job.input_config.gcs_source"],
    [{ inputConfig: { instancesFormat: "xml", gcsSource: { uris: ["gs://a/b"] } } }, '"xml" is none of jsonl'],
    [{ inputConfig: { instancesFormat: "jsonl", gcsSource: { uris: ["a/b"] } } }, "gs://BUCKET/OBJECT"],
    [{ inputConfig: { instancesFormat: "jsonl", gcsSource: { uris: [] } } }, "input_config.gcs_source.uris"],
    [{ outputConfig: { predictionsFormat: "jsonl" } }, "batch_prediction_job.output_config.gcs_destination"],
    [
      { outputConfig: { predictionsFormat: "csv", gcsDestination: { outputUriPrefix: "gs://a" } } },
      '"csv" is none of jsonl',
    ],
    [{ dedicatedResources: undefined }, "batch_prediction_job.dedicated_resources"],
    [{ dedicatedResources: { machineSpec: {} } }, "machine_spec.machine_type"],
    [{ dedicatedResources: { machineSpec, startingReplicaCount: 11 } }, "starting_replica_count"],
    [{ manualBatchTuningParameters: { batchSize: -1 } }, "batch_size"],
    [{ instanceConfig: { instanceType: "list" } }, '"list" is none of object, array.'],
    [{ instanceConfig: { includedFields: ["a"], excludedFields: ["b"] } }, "excluded_fields"],
    [{ inputConfig: csv, instanceConfig: { instanceType: "object" } }, '"object" does not apply to csv.'],
    [
      { inputConfig: csv, instanceConfig: { includedFields: ["a"] } },
      "The input must be JSONL with objects at each line",
    ],
    [{ labels: { Team: "ml" } }, 'Label key "Team" is invalid'],
    [{ priority: 1 }, `Unknown name "priority" at 'batch_prediction_job': Cannot find field.`],
  ])("are refused for %j", async (job, message) => {
    const { status, json } = await vertex.call("POST", `${location}/batchPredictionJobs`, request(job));
    expect({ status, code: (json["error"] as Json)["status"] as string }).toEqual({
      status: 400,
      code: "INVALID_ARGUMENT",
    });
    expect((json["error"] as Json)["message"]).toContain(message);
  });

  it("say what the emulator does not have", async () => {
    const refused = async (job: Json) =>
      (await vertex.call("POST", `${location}/batchPredictionJobs`, request(job))).json;
    const bigquery = { instancesFormat: "bigquery", bigquerySource: { inputUri: "bq://p.d.t" } };
    expect(await refused({ inputConfig: bigquery })).toMatchObject({ error: { code: 501, status: "UNIMPLEMENTED" } });
    expect(JSON.stringify(await refused({ inputConfig: bigquery }))).toContain("The emulator has no BigQuery");
    expect(JSON.stringify(await refused({ generateExplanation: true }))).toContain("generate_explanation");
    const records = { instancesFormat: "tf-record", gcsSource: { uris: ["gs://a/b"] } };
    expect(JSON.stringify(await refused({ inputConfig: records }))).toContain("tf-record");
  });

  it("are 404 for a model or a job that is not there", async () => {
    const missing = request({ model: `${location}/models/none` });
    expect((await vertex.call("POST", `${location}/batchPredictionJobs`, missing)).status).toBe(404);
    for (const [method, suffix] of [
      ["GET", ""],
      ["POST", ":cancel"],
      ["DELETE", ""],
    ] as const) {
      expect((await vertex.call(method, `${location}/batchPredictionJobs/1${suffix}`)).status).toBe(404);
    }
  });

  it("list jobs, newest first, by page and by each filter of the contract", async () => {
    await put("in.jsonl", "1\n");
    const first = await run({ displayName: "job_a", labels: { team: "ml" } });
    const second = await run({ displayName: "job_b", modelParameters: { reply: "error" } });
    const list = async (query: string) => (await vertex.call("GET", `${location}/batchPredictionJobs?${query}`)).json;
    const names = async (filter: string) => {
      const { batchPredictionJobs = [] } = await list(`filter=${encodeURIComponent(filter)}`);
      return (batchPredictionJobs as Json[]).map((each) => each["displayName"] as string);
    };
    expect(await names("")).toEqual(["job_b", "job_a"]);
    expect(await names('display_name="job_a"')).toEqual(["job_a"]);
    expect(await names('display_name:"job_*"')).toEqual(["job_b", "job_a"]);
    expect(await names('display_name:"*_b"')).toEqual(["job_b"]);
    expect(await names('state="JOB_STATE_SUCCEEDED" AND display_name:"job_*"')).toEqual(["job_a"]);
    expect(await names('state!="JOB_STATE_FAILED" OR display_name="job_b"')).toEqual(["job_b", "job_a"]);
    expect(await names('NOT display_name="job_a"')).toEqual(["job_b"]);
    expect(await names('model_display_name="iris" AND labels.team=ml')).toEqual(["job_a"]);
    expect(await names('model_display_name!="iris"')).toEqual([]);
    expect(await names("labels.team:*")).toEqual(["job_a"]);
    expect(await names(`create_time>"${first["createTime"] as string}"`)).toEqual(["job_b"]);
    expect(await names(`create_time<="${second["createTime"] as string}"`)).toEqual(["job_b", "job_a"]);
    for (const filter of ["create_time>yesterday", 'state:"JOB_*"', 'colour="red"', "state="]) {
      expect((await list(`filter=${encodeURIComponent(filter)}`))["error"]).toMatchObject({ code: 400 });
    }
    const page = await list("pageSize=1&readMask=displayName");
    expect(page["batchPredictionJobs"]).toEqual([{ displayName: "job_b" }]);
    const next = await list(`pageSize=1&pageToken=${page["nextPageToken"] as string}`);
    expect((next["batchPredictionJobs"] as Json[]).map((each) => each["displayName"] as string)).toEqual(["job_a"]);
  });

  it("delete a job that is over, by an operation, and leave its output", async () => {
    await put("in.jsonl", "1\n");
    const job = await run();
    const done = await vertex.run("DELETE", job["name"] as string);
    expect(done.response).toEqual({ "@type": "type.googleapis.com/google.protobuf.Empty" });
    expect((await vertex.call("GET", job["name"] as string)).status).toBe(404);
    expect(await results(job)).toHaveLength(1);
  });
});

describe("a job that is under way", () => {
  /** A job whose second instance is being predicted, and stays so; the first one is done. */
  async function held(): Promise<string> {
    await put("in.jsonl", "1\n2\n3\n");
    const { name } = await create({
      modelParameters: { reply: "hold", only: 2, until: "/never" },
      manualBatchTuningParameters: { batchSize: 1 },
    });
    await expect.poll(() => vertex.logged.some(({ textPayload }) => textPayload.startsWith("holding"))).toBe(true);
    return name as string;
  }

  it("says how far it is", async () => {
    const { json } = await vertex.call("GET", await held());
    expect(json).toMatchObject({
      state: "JOB_STATE_RUNNING",
      completionStats: { successfulCount: "1", incompleteCount: "-1" },
    });
    expect(json).not.toHaveProperty("endTime");
  });

  it("can be cancelled, not deleted, and keeps the output that it had by then", async () => {
    const name = await held();
    expect((await vertex.call("DELETE", name)).json).toMatchObject({ error: { status: "FAILED_PRECONDITION" } });
    expect(await vertex.call("POST", `${name}:cancel`, {})).toMatchObject({ status: 200, json: {} });
    const over = await finished({ name });
    expect(over).toMatchObject({
      state: "JOB_STATE_CANCELLED",
      error: { code: 1 },
      completionStats: { successfulCount: "1", incompleteCount: "-1" },
    });
    expect(await results(over)).toEqual([{ instance: 1, prediction: 1 }]);
    expect((await vertex.call("POST", `${name}:cancel`)).status).toBe(200);
    expect((await vertex.call("GET", name)).json).toEqual(over);
  });

  it("can be cancelled before it has a server", async () => {
    await put("in.jsonl", "1\n");
    const unhealthy = await vertex.upload({ containerSpec: container({ mode: "unhealthy" }) });
    const { name } = await create({ model: unhealthy });
    await expect.poll(() => vertex.logged.length).toBe(1);
    await vertex.call("POST", `${name as string}:cancel`);
    expect(await finished({ name })).toMatchObject({ state: "JOB_STATE_CANCELLED" });
  });

  it("has failed after a restart of the emulator", async () => {
    const name = await held();
    const { dataDir } = vertex;
    await vertex.stop({ keep: true });
    vertex = await startVertex({ dataDir });
    expect((await vertex.call("GET", name)).json).toMatchObject(lost);
  });

  it("has failed after the emulator was killed", async () => {
    const name = await held();
    const dataDir = `${vertex.dataDir}-as-killed`;
    await cp(vertex.dataDir, dataDir, { recursive: true });
    const after = await startVertex({ dataDir });
    expect((await after.call("GET", name)).json).toMatchObject(lost);
    await after.stop();
  });

  const lost = {
    state: "JOB_STATE_FAILED",
    error: { code: 10, message: "The operation was interrupted by a restart of the emulator." },
  };
});
