import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Storage } from "@google-cloud/storage";
import { artifactregistry } from "googleapis/build/src/apis/artifactregistry/index.js";
import { cloudbuild, type cloudbuild_v1 } from "googleapis/build/src/apis/cloudbuild/index.js";
import { logging } from "googleapis/build/src/apis/logging/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { inspectPython, minorOf } from "../../src/runtime/python.js";
import { testPython } from "../support/python.js";
import { sourceArchive } from "../support/source-archive.js";

const parent = "projects/acme/locations/europe-west1";
const imageUri = "europe-west1-docker.pkg.dev/acme/models/iris:v1";

let emulator: Emulator;
let storage: Storage;
let base: string;
let dataDir: string;

const builds = () => cloudbuild({ version: "v1", rootUrl: `${emulator.url}/` }).projects.locations;
const registry = () => artifactregistry({ version: "v1", rootUrl: `${emulator.url}/` }).projects.locations;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "emulator-builds-"));
  emulator = await startEmulator({ dataDir, python: testPython(), operationLatencyMs: 10 });
  storage = new Storage({ apiEndpoint: emulator.url, projectId: "acme" });
  await emulator.createBucket("acme-sources", { location: "europe-west1", project: "acme" });
  base = `python:${minorOf((await inspectPython(testPython())).version)}-slim`;
  await createRepository("models");
});

afterAll(async () => {
  await emulator.stop();
  await rm(dataDir, { recursive: true });
});

async function createRepository(repositoryId: string): Promise<void> {
  const { data } = await registry().repositories.create({ parent, repositoryId, requestBody: { format: "DOCKER" } });
  expect(data.done).toBe(false);
  await finished(data.name!);
}

async function finished(name: string): Promise<cloudbuild_v1.Schema$Operation> {
  for (;;) {
    const { data } = await builds().operations.get({ name });
    if (data.done) return data;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function uploadSource(name: string, files: Record<string, string>): Promise<cloudbuild_v1.Schema$StorageSource> {
  const file = storage.bucket("acme-sources").file(name);
  await file.save(await sourceArchive(files), { resumable: false });
  return { bucket: "acme-sources", object: name, generation: String((await file.getMetadata())[0].generation) };
}

interface Outcome {
  build: cloudbuild_v1.Schema$Build;
  operation: cloudbuild_v1.Schema$Operation;
  log: string;
}

/** Builds a Dockerfile with the files of its context. */
async function build(
  dockerfile: string,
  files: Record<string, string> = {},
  changes: cloudbuild_v1.Schema$Build = {},
): Promise<Outcome> {
  const storageSource = await uploadSource("source.tar.gz", { ...files, "bundle/Dockerfile": dockerfile });
  return run({ source: { storageSource }, ...changes });
}

async function run(changes: cloudbuild_v1.Schema$Build): Promise<Outcome> {
  const requestBody: cloudbuild_v1.Schema$Build = {
    steps: [{ name: "gcr.io/cloud-builders/docker", args: ["build", "-t", imageUri, "."], dir: "bundle" }],
    images: [imageUri],
    options: { logging: "CLOUD_LOGGING_ONLY" },
    ...changes,
  };
  const created = await builds().builds.create({ parent, requestBody });
  const operation = await finished(created.data.name!);
  const { id } = operation.metadata!["build"] as cloudbuild_v1.Schema$Build;
  const { data } = await builds().builds.get({ name: `${parent}/builds/${id}` });
  return { build: data, operation, log: await readLog(id!) };
}

async function readLog(buildId: string): Promise<string> {
  const { data } = await logging({ version: "v2", rootUrl: `${emulator.url}/` }).entries.list({
    requestBody: {
      resourceNames: ["projects/acme"],
      filter: `resource.type="build" AND resource.labels.build_id="${buildId}"\ntimestamp>="2020-01-01T00:00:00Z"`,
      orderBy: "timestamp asc",
      pageSize: 1000,
    },
  });
  return (data.entries ?? []).map((entry) => entry.textPayload).join("\n");
}

const project = {
  "bundle/setup.py": 'from setuptools import setup\nsetup(name="tiny", version="1.0", py_modules=["tiny"])\n',
  "bundle/tiny.py": "answer = 42\n",
  "bundle/requirements.txt": "pip\n-c constraints.txt\n",
  "bundle/constraints.txt": "pip>=1\nnot-a-package-of-anyone<2\n",
};

const dockerfile = () => `# a model server
FROM ${base}
ARG LEVEL=info
ENV LOG_LEVEL=$LEVEL HOME_DIR=/srv
WORKDIR /app
COPY requirements.txt constraints.txt ./
RUN ["python", "-m", "pip", "install", "--no-cache-dir", "-r", "requirements.txt"]
COPY . .
RUN ["python", "-m", "pip", "install", "--no-deps", "."]
RUN ["python", "-c", "import os, tiny; print('the answer is', tiny.answer, os.environ['LOG_LEVEL'])"]
USER 1000
EXPOSE 8080
ENTRYPOINT ["python", "-m"]
CMD ["tiny"]
`;

describe("a build", () => {
  it("follows the Dockerfile, and pushes what it made under its tag", async () => {
    const { build: done, operation, log } = await build(dockerfile(), project);
    expect(log).toContain("already satisfies the requirements");
    expect(log).toContain("the answer is 42 info");
    expect(done).toMatchObject({ status: "SUCCESS", projectId: "acme", steps: [{ status: "SUCCESS" }] });
    expect(operation.response).toMatchObject({ "@type": expect.stringContaining("cloudbuild.v1.Build"), id: done.id });
    const digest = done.results!.images![0]!.digest!;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(Object.keys(done.timing!)).toEqual(["FETCHSOURCE", "BUILD", "PUSH"]);

    const name = `${parent}/repositories/models/packages/iris/tags/v1`;
    const { data: tag } = await registry().repositories.packages.tags.get({ name });
    expect(tag.version).toBe(`${parent}/repositories/models/packages/iris/versions/${digest}`);
    const { data: images } = await registry().repositories.dockerImages.list({
      parent: `${parent}/repositories/models`,
    });
    expect(images.dockerImages![0]).toMatchObject({
      tags: ["v1"],
      uri: `europe-west1-docker.pkg.dev/acme/models/iris@${digest}`,
    });
  });

  it("has the same digest for the same content, and another for other content", async () => {
    const digest = async (files: Record<string, string>) =>
      (await build(dockerfile(), files)).build.results!.images![0]!.digest;
    const first = await digest(project);
    expect(await digest(project)).toBe(first);
    expect(await digest({ ...project, "bundle/tiny.py": "answer = 43\n" })).not.toBe(first);
  });

  it.each([
    ["COPY of a missing file", () => `FROM ${base}\nCOPY missing.txt /app/\n`, "file not found in build context"],
    ["COPY from outside the context", () => `FROM ${base}\nCOPY ../secret /app/\n`, "outside the build context"],
    [
      "a RUN that fails",
      () => `FROM ${base}\nRUN ["python", "-c", "raise SystemExit(3)"]\n`,
      "returned a non-zero code: 3",
    ],
    ["a RUN that needs a shell", () => `FROM ${base}\nRUN pip install a && pip install b\n`, "runs no shell"],
    ["a RUN of another program", () => `FROM ${base}\nRUN ["apt-get", "update"]\n`, "python and pip only"],
    ["an unknown instruction", () => `FROM ${base}\nFETCH x\n`, "FETCH"],
    [
      "a missing requirements file",
      () => `FROM ${base}\nRUN pip install -r none.txt\n`,
      "Could not open requirements file",
    ],
    ["another base image", () => "FROM debian:12\n", "pull access denied for debian:12"],
    ["a Python that is not here", () => "FROM python:3.99-slim\n", "Python 3.99 was not found"],
  ])("fails at %s, and says so", async (_what, text, message) => {
    const { build: failed, operation, log } = await build(text());
    expect(failed).toMatchObject({ status: "FAILURE", failureInfo: { type: "USER_BUILD_STEP" } });
    expect(failed.statusDetail).toContain(message);
    expect(log).toContain(message);
    expect(operation.error).toMatchObject({ code: 2, message: expect.stringContaining("Build failed") });
  });

  it("fails at a source that is missing, or no archive", async () => {
    const storageSource = { bucket: "acme-sources", object: "nothing.tar.gz" };
    const missing = await run({ source: { storageSource } });
    expect(missing.build).toMatchObject({ status: "FAILURE", failureInfo: { type: "FETCH_SOURCE_FAILED" } });
    expect(missing.build.statusDetail).toContain("No such object: acme-sources/nothing.tar.gz");
    await storage.bucket("acme-sources").file("text").save("text", { resumable: false });
    const text = await run({ source: { storageSource: { bucket: "acme-sources", object: "text" } } });
    expect(text.build.statusDetail).toContain("not a .tar.gz");
  });

  it("fails to push to a repository that is not there", async () => {
    const uri = "europe-west1-docker.pkg.dev/acme/nowhere/iris:v1";
    const { build: failed } = await build(
      `FROM ${base}\n`,
      {},
      {
        steps: [{ name: "gcr.io/cloud-builders/docker", args: ["build", `--tag=${uri}`, "bundle"] }],
        images: [uri],
      },
    );
    expect(failed).toMatchObject({ status: "FAILURE", failureInfo: { type: "PUSH_FAILED" } });
    expect(failed.statusDetail).toContain('Repository "nowhere" not found');
  });

  it("that takes too long times out", async () => {
    const text = `FROM ${base}\nRUN ["python", "-c", "import time; time.sleep(60)"]\n`;
    const { build: late, operation } = await build(text, {}, { timeout: "1s" });
    expect(late.status).toBe("TIMEOUT");
    expect(operation.error).toMatchObject({ code: 4 });
  });

  it("can be cancelled, and is found by its tag", async () => {
    const text = `FROM ${base}\nRUN ["python", "-c", "import time; time.sleep(60)"]\n`;
    const storageSource = await uploadSource("slow.tar.gz", { Dockerfile: text });
    const { data: operation } = await builds().builds.create({
      parent,
      requestBody: {
        source: { storageSource },
        steps: [{ name: "gcr.io/cloud-builders/docker", args: ["build", "-t", imageUri, "."] }],
        tags: ["slow"],
      },
    });
    const { data: list } = await builds().builds.list({ parent, filter: 'tags="slow"' });
    expect(list.builds).toHaveLength(1);
    const name = `${parent}/builds/${list.builds![0]!.id}`;
    const { data: cancelled } = await builds().builds.cancel({ name, requestBody: {} });
    expect(cancelled.status).toBe("CANCELLED");
    expect((await finished(operation.name!)).error).toMatchObject({ code: 1 });
    expect((await builds().builds.get({ name })).data.status).toBe("CANCELLED");
    await expect(builds().builds.cancel({ name, requestBody: {} })).rejects.toMatchObject({ status: 400 });
  });
});

describe("builds.create", () => {
  const refused = (requestBody: cloudbuild_v1.Schema$Build) => builds().builds.create({ parent, requestBody });
  const steps = [{ name: "gcr.io/cloud-builders/docker", args: ["build", "."] }];

  it("refuses fields that Cloud Build does not have, in Google's words", async () => {
    await expect(refused({ steps, colour: "red" } as object)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`Unknown name "colour" at 'build': Cannot find field.`),
    });
  });

  it("asks a build with a service account where its log goes", async () => {
    const serviceAccount = "projects/acme/serviceAccounts/builder@acme.iam.gserviceaccount.com";
    await expect(refused({ steps, serviceAccount })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("CLOUD_LOGGING_ONLY"),
    });
  });

  it("refuses a build of nothing, an image that is none, and what is not emulated", async () => {
    await expect(refused({})).rejects.toMatchObject({ status: 400 });
    await expect(refused({ steps, images: ["Not An Image"] })).rejects.toMatchObject({ status: 400 });
    await expect(refused({ steps, availableSecrets: {} })).rejects.toMatchObject({ status: 501 });
  });

  it("replaces substitutions, and refuses those that have no value or no use", async () => {
    const text = `FROM ${base}\nARG WHO\nRUN ["python", "-c", "import os; print('for', os.environ['WHO'])"]\n`;
    const { log } = await build(
      text,
      {},
      {
        steps: [
          {
            name: "gcr.io/cloud-builders/docker",
            args: ["build", "--build-arg", "WHO=$_WHO of $PROJECT_ID, $$5", "bundle"],
          },
        ],
        images: [],
        substitutions: { _WHO: "somebody" },
      },
    );
    expect(log).toContain("for somebody of acme, $5");
    const unmatched = [{ name: "gcr.io/cloud-builders/docker", args: ["build", "$_WHO"] }];
    await expect(refused({ steps: unmatched })).rejects.toMatchObject({ status: 400 });
    await expect(refused({ steps, substitutions: { _UNUSED: "x" } })).rejects.toMatchObject({ status: 400 });
  });
});

describe("repositories", () => {
  it("are made once, got, listed and deleted", async () => {
    await createRepository("temporary");
    const name = `${parent}/repositories/temporary`;
    await expect(
      registry().repositories.create({ parent, repositoryId: "temporary", requestBody: { format: "DOCKER" } }),
    ).rejects.toMatchObject({ status: 409 });
    expect((await registry().repositories.get({ name })).data).toMatchObject({
      format: "DOCKER",
      registryUri: "europe-west1-docker.pkg.dev/acme/temporary",
    });
    const listed = (await registry().repositories.list({ parent })).data.repositories!;
    expect(listed.map((each) => each.name)).toContain(name);
    await finished((await registry().repositories.delete({ name })).data.name!);
    await expect(registry().repositories.get({ name })).rejects.toMatchObject({ status: 404 });
  });

  it("refuse formats that are none, or not emulated", async () => {
    const create = (format: string) =>
      registry().repositories.create({ parent, repositoryId: "other", requestBody: { format } });
    await expect(create("DOCKR")).rejects.toMatchObject({ status: 400 });
    await expect(create("MAVEN")).rejects.toMatchObject({ status: 501 });
  });
});
