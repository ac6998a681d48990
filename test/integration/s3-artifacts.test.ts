import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import pLimit from "p-limit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { TrainedModel } from "../../scripts/demo/iris-model.js";
import { type MlflowServer, mlflowEnvironment, startMlflowServer } from "../../scripts/demo/mlflow-server.js";
import { localFiles, modelHash } from "../../src/core/model-files.js";
import type { ResolvedModel } from "../../src/core/model.js";
import { run } from "../../src/runtime/process.js";
import { defaultStorageConnection } from "../../src/storage/connection.js";
import { modelResolver } from "../../src/targets/model-resolver.js";
import { type MotoServer, startMotoServer } from "../support/moto-server.js";
import { modelsPython } from "../support/python.js";

const bucket = "acme-mlflow";
let moto: MotoServer;
let mlflow: MlflowServer;
let s3: S3Client;
let dataDir: string;
let directory: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mlflow-s3-"));
  moto = await startMotoServer(modelsPython());
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  s3 = new S3Client({ endpoint: moto.uri, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const artifactRoot = `s3://${bucket}/artifact root`;
  mlflow = await startMlflowServer({ python: modelsPython(), dataDir, artifactRoot });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([mlflow?.stop(), moto?.stop()]);
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mlflow-s3-model-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** What a client of MLflow has for S3; the SDK, boto3 and this package read the same. */
const environment = () => ({
  MLFLOW_S3_ENDPOINT_URL: moto.uri,
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "hunter2",
  AWS_REGION: "us-east-1",
});

async function resolve(modelUri: string): Promise<ResolvedModel> {
  const resolver = modelResolver({ trackingUri: mlflow.trackingUri }, defaultStorageConnection());
  return resolver.resolve({ modelUri, directory }, { report: () => {} });
}

async function put(key: string, content: string): Promise<void> {
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentLength: Buffer.byteLength(content) }),
  );
}

describe("a model that MLflow's client has written to S3", () => {
  let model: TrainedModel;
  beforeAll(async () => {
    const { code, lines } = await run({
      command: modelsPython(),
      args: [join(import.meta.dirname, "..", "..", "examples", "train_iris.py")],
      env: mlflowEnvironment({ ...environment(), MLFLOW_TRACKING_URI: mlflow.trackingUri }),
    });
    if (code !== 0) throw new Error(`train_iris.py failed:\n${lines.slice(-15).join("\n")}`);
    model = JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "null") as TrainedModel;
  });

  it("is found by every form of its URI, and comes as it is in the store", async () => {
    const resolved = await resolve(`models:/iris/${model.version}`);
    const { artifactUri } = resolved.source;
    expect(artifactUri).toMatch(new RegExp(`^s3://${bucket}/artifact root/`));
    expect(resolved.metadata.flavors).toHaveProperty("sklearn");
    const prefix = artifactUri.slice(`s3://${bucket}/`.length);
    for (const file of await localFiles(resolved, resolved.files, { report: () => {} })) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}/${file.path}` }));
      expect(await readFile(file.localPath)).toEqual(Buffer.from((await Body?.transformToByteArray()) ?? []));
    }
    for (const uri of [`runs:/${model.run_id}/model`, `models:/${model.model_id}`, artifactUri]) {
      await rm(directory, { recursive: true });
      const again = await resolve(uri);
      expect(modelHash(again)).toBe(modelHash(resolved));
    }
  });
});

describe("objects of S3", () => {
  const MLmodel = "flavors: {python_function: {python_version: 3.11.7}}\nmlflow_version: 3.17.2\n";

  it("come over all pages, with any names that a file can have, without what stands for folders", async () => {
    const many = Array.from({ length: 1005 }, (_, index) => `parts/${index}`);
    const odd = ["a b+c%20d&é'\"=~.txt", "data/über/文", "x/.hidden"];
    const limit = pLimit(16);
    await Promise.all([...many, ...odd].map((path) => limit(() => put(`odd/${path}`, path))));
    await put("odd/MLmodel", MLmodel);
    await put("odd/requirements.txt", "mlflow==3.17.2\n");
    await put("odd/data/", "");
    await put("oddity/other", "of a neighbour");

    const model = await resolve(`s3://${bucket}/odd`);
    const { files } = model;
    const names = files.map(({ path }) => path);
    expect(new Set(names)).toEqual(new Set([...many, ...odd, "MLmodel", "requirements.txt"]));
    for (const path of odd) {
      const wanted = files.filter((each) => each.path === path);
      const [file] = await localFiles(model, wanted, { report: () => {} });
      expect(await readFile(file?.localPath ?? "", "utf8")).toBe(path);
    }
  });

  it("that are not there are an error that says what is", async () => {
    await expect(resolve(`s3://${bucket}/nowhere`)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining("nothing is there"),
    });
    await expect(resolve("s3://acme-typo/model")).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringMatching(/Check the bucket's name, "acme-typo", and MLFLOW_S3_ENDPOINT_URL/),
    });
  });

  it("of which one's name is also another's directory are refused before anything is brought", async () => {
    await put("both/MLmodel", MLmodel);
    await put("both/data", "a file");
    await put("both/data/model.pkl", "below it");
    await expect(resolve(`s3://${bucket}/both`)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining('"data" is a file, and there is "data/model.pkl" below it'),
    });
  });
});
