import { beforeEach, describe, expect, it } from "vitest";

import {
  DeploymentError,
  type DeploymentRecord,
  getDeployClient,
  type ProgressEvent,
  type PruneItem,
} from "../../src/index.js";
import { newLock } from "../../src/rollout/lock.js";
import { newRecord } from "../../src/rollout/new-record.js";
import { type MockPlatform, mockModel, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models", productionRoute: "route" };
const hour = 60 * 60_000;
const hash = (letter: string) => letter.repeat(64);

let platform: MockPlatform;
const client = () => getDeployClient("aiplatform", { services: platform.services, config });

beforeEach(() => {
  platform = mockPlatform();
});

const names = (items: PruneItem[]) => items.map(({ name }) => name);
const time = (ago = 2 * hour) => new Date(platform.services.clock.now() - ago).toISOString();

/** A version of a model in the registry, two hours old. */
function version(
  versionId: string,
  changes: { model?: string; environment?: string; ours?: boolean; default?: boolean; age?: number } = {},
) {
  const environment = changes.environment ?? hash("e");
  platform.registry.versions.push({
    model: `models/${changes.model ?? "iris"}`,
    versionId,
    aliases: changes.default ? ["default"] : [],
    labels: {
      "environment-hash": environment.slice(0, 40),
      ...(changes.ours !== false && { "managed-by": "mlflow-deployments" }),
    },
    artifactUri: "gs://acme-models/route/models/aaaaaaaaaaaaaaaa",
    imageUri: `image@sha256:${environment}`,
    env: {},
    createTime: time(changes.age),
  });
}

function image(environment: string, changes: { age?: number; uri?: string } = {}) {
  const uri = changes.uri ?? `image@sha256:${environment}`;
  platform.images.images.set(environment, {
    uri,
    environmentHashes: [environment],
    size: 7,
    createTime: time(changes.age),
  });
}

function object(name: string, age?: number) {
  platform.bucket.objects.set(`acme-models/${name}`, {
    name,
    generation: "1",
    size: 3,
    createTime: time(age),
    crc32c: "",
  });
}

function record(name: string, changes: Partial<DeploymentRecord> = {}) {
  platform.store.records.set(name, { record: { ...newRecord(name), ...changes }, generation: "1" });
}

const spec = (changes: object = {}) => ({
  specHash: hash("5"),
  environmentHash: hash("e"),
  modelHash: hash("a"),
  modelUri: "models:/iris/1",
  flavor: null,
  settings: {},
  ...changes,
});

/** Deploys a version as any hand may have done. */
async function deployed(versionId: string, model = "models/iris") {
  const { endpointManager } = platform.services;
  const context = { report: () => {} };
  const created = await endpointManager.create(
    {
      id: "x",
      displayName: "x",
      labels: {},
      dedicated: false,
      encryptionKey: null,
      network: null,
      description: null,
      inferenceTimeout: null,
    },
    context,
  );
  const found = platform.registry.versions.find((each) => each.versionId === versionId && each.model === model);
  const running = await endpointManager.deploy(
    await created.wait(),
    {
      deployedModelId: "1",
      displayName: "x",
      version: found!,
      machineType: "m",
      minReplicaCount: 1,
      maxReplicaCount: 1,
      autoscalingTargets: {},
      accelerator: null,
      serviceAccount: null,
      takesTraffic: true,
    },
    context,
  );
  await running.wait();
}

describe("planPrune", () => {
  it("gives nothing while a deployment needs everything", async () => {
    await client().createDeployment({ name: "tester", modelUri: "models:/iris/1" });
    platform.services.clock.advance(48 * hour);
    expect(await client().planPrune()).toEqual([]);
  });

  it("gives what a deleted deployment leaves: version, image, bundle and model files, in the order of their deletion", async () => {
    await client().createDeployment({ name: "tester", modelUri: "models:/iris/1" });
    await client().deleteDeployment({ name: "tester" });
    platform.services.clock.advance(2 * hour);
    const items = await client().planPrune();
    expect(items.map(({ kind, reason, size }) => ({ kind, reason, size }))).toEqual([
      { kind: "version", reason: "not deployed, as no version of its model is", size: null },
      { kind: "image", reason: "no deployment has this environment", size: null },
      { kind: "object", reason: "no deployment has this model", size: 3 },
      { kind: "object", reason: "no deployment has this environment", size: 1 },
    ]);
    expect(items[2]?.name).toMatch(/^gs:\/\/acme-models\/route\/models\/[0-9a-f]{16}\/MLmodel$/);
  });

  it("leaves what a batch prediction needs until that is over", async () => {
    await client().createDeployment({ name: "tester", modelUri: "models:/iris/1" });
    const object = { name: "rows", generation: "1", size: 1, createTime: null, crc32c: "AAAAAA==" };
    platform.bucket.objects.set("others/rows", object);
    const files = { input: "gs://others/rows", output: "gs://others/predicted" };
    const batch = await client().predictBatch({ deploymentName: "tester", ...files, config: { sync: false } });
    await client().deleteDeployment({ name: "tester" });
    platform.services.clock.advance(2 * hour);
    expect(await client().planPrune()).toEqual([]);
    await batch.wait();
    expect((await client().planPrune()).map(({ kind }) => kind)).toEqual(["version", "image", "object", "object"]);
  });

  it("leaves what is younger than an hour", async () => {
    await client().createDeployment({ name: "tester", modelUri: "models:/iris/1" });
    await client().deleteDeployment({ name: "tester" });
    platform.services.clock.advance(hour - 1);
    expect(await client().planPrune()).toEqual([]);
  });

  it("deletes nothing", async () => {
    version("1");
    image(hash("e"));
    await client().planPrune();
    expect(platform.recorder.methods.filter((method) => /\.(delete|write)$/.test(method))).toEqual([]);
  });

  it("needs the bucket, whose records say what is needed", async () => {
    const { productionBucket: _, ...rest } = config;
    const bare = getDeployClient("aiplatform", { services: platform.services, config: rest });
    await expect(bare.planPrune()).rejects.toThrow(/productionBucket is missing/);
  });

  it("refuses a number of versions that is none", async () => {
    await expect(client().planPrune({ keepVersions: -1 })).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    await expect(client().planPrune({ keepVersions: 1.5 })).rejects.toThrow(/keepVersions/);
  });
});

describe("a version", () => {
  it("goes when a newer one is deployed", async () => {
    for (const id of ["1", "2", "7"]) version(id, { default: id === "7" });
    await deployed("7");
    expect(await client().planPrune()).toMatchObject([
      { kind: "version", name: "models/iris@1", reason: "not deployed; newest is version 7", createTime: time() },
      { kind: "version", name: "models/iris@2", reason: "not deployed; newest is version 7" },
    ]);
  });

  it("stays when it is the default of a model that stays", async () => {
    version("1", { default: true });
    version("2");
    version("3");
    await deployed("3");
    expect(names(await client().planPrune())).toEqual(["models/iris@2"]);
  });

  it("goes as the default, and last, when all versions of its model go", async () => {
    version("1");
    version("2", { default: true });
    version("3");
    expect(names(await client().planPrune())).toEqual(["models/iris@1", "models/iris@3", "models/iris@2"]);
  });

  it("stays when somebody else made it, and with it the default of its model", async () => {
    version("1", { default: true });
    version("2", { ours: false });
    expect(await client().planPrune()).toEqual([]);
  });

  it("stays while a record names it, of any deployment and of an update that is under way", async () => {
    for (const id of ["1", "2", "3", "4"]) version(id);
    record("other", { version: { model: "models/iris", versionId: "1" } });
    record("tester", { update: { spec: spec(), version: { model: "models/iris", versionId: "3" }, attempt: 0 } });
    expect(names(await client().planPrune())).toEqual(["models/iris@2", "models/iris@4"]);
  });

  it("stays when a record names its project by number", async () => {
    version("1", { model: "iris" });
    platform.registry.versions[0]!.model = "projects/acme/locations/l/models/iris";
    record("other", { version: { model: "projects/123/locations/l/models/iris", versionId: "1" } });
    expect(await client().planPrune()).toEqual([]);
  });

  it("stays when the registry says that it is deployed, on whatever endpoint", async () => {
    version("1");
    const list = platform.registry.list.bind(platform.registry);
    platform.registry.list = async () =>
      (await list()).map((each) => ({ ...each, deployedOn: ["projects/1/locations/l/endpoints/by-hand"] }));
    expect(await client().planPrune()).toEqual([]);
  });

  it("stays when an endpoint says that its model is deployed, and not which version", async () => {
    version("1");
    version("2");
    await deployed("2");
    const [endpoint] = [...platform.endpoints.endpoints.values()];
    endpoint!.deployedModels[0]!.modelVersionId = null;
    expect(await client().planPrune()).toEqual([]);
  });

  it("stays when somebody works on the deleted deployment that names it", async () => {
    version("1");
    const lock = newLock(platform.services.clock.now());
    record("gone", { deletedAt: time(), version: { model: "models/iris", versionId: "1" }, lock });
    expect(await client().planPrune()).toEqual([]);
  });

  it("goes when only the record of a deleted deployment names it", async () => {
    version("1");
    record("gone", { deletedAt: time(), version: { model: "models/iris", versionId: "1" } });
    expect(names(await client().planPrune())).toEqual(["models/iris@1"]);
  });

  it("stays when it is among the newest that keepVersions counts", async () => {
    for (const id of ["8", "9", "10", "11"]) version(id);
    await deployed("11");
    expect(names(await client().planPrune({ keepVersions: 2 }))).toEqual(["models/iris@8"]);
  });

  it("is judged with the versions of its own model", async () => {
    version("1", { model: "iris" });
    version("2", { model: "wine" });
    await deployed("2", "models/wine");
    expect(names(await client().planPrune())).toEqual(["models/iris@1"]);
  });
});

describe("an image", () => {
  it("stays while a version that stays has its environment or names it, whatever the version's labels say", async () => {
    version("1", { environment: hash("1") });
    version("2", { environment: hash("2") });
    platform.registry.versions[1]!.labels["environment-hash"] = hash("9").slice(0, 40);
    await deployed("1");
    record("tester", { version: { model: "models/iris", versionId: "2" } });
    for (const letter of ["1", "2", "3"]) image(hash(letter));
    expect(names(await client().planPrune())).toEqual([`image@sha256:${hash("3")}`]);
  });

  it("stays while a record's spec has its environment, or names it as the image to serve", async () => {
    image(hash("1"));
    image(hash("2"));
    image(hash("3"));
    image(hash("4"));
    record("tester", { spec: spec({ environmentHash: hash("1") }) });
    record("own", { spec: spec({ settings: { imageUri: `image:${hash("2")}` } }) });
    record("update", { update: { spec: spec({ environmentHash: hash("4") }), version: null, attempt: 0 } });
    expect(names(await client().planPrune())).toEqual([`image@sha256:${hash("3")}`]);
  });

  it("of no known age stays", async () => {
    image(hash("1"));
    platform.images.images.get(hash("1"))!.createTime = null;
    expect(await client().planPrune()).toEqual([]);
  });
});

describe("an object", () => {
  it("goes only from a folder that is called by a hash, and only as a whole folder", async () => {
    object("route/models/1111111111111111/MLmodel");
    object("route/models/1111111111111111/data/model.pkl");
    object("route/models/2222222222222222/MLmodel");
    object("route/models/2222222222222222/data/model.pkl", 60_000); // an upload is under way
    object("route/models/by-hand/MLmodel");
    object("route/models/1111111111111111");
    object("route/bundles/3333333333333333/deploy.tar.gz");
    object("elsewhere/models/1111111111111111/MLmodel");
    expect(names(await client().planPrune())).toEqual([
      "gs://acme-models/route/models/1111111111111111/MLmodel",
      "gs://acme-models/route/models/1111111111111111/data/model.pkl",
      "gs://acme-models/route/bundles/3333333333333333/deploy.tar.gz",
    ]);
  });

  it("stays when it is not below the route, whatever a listing gives", async () => {
    object("other/models/1111111111111111/MLmodel");
    const list = platform.bucket.list.bind(platform.bucket);
    platform.bucket.list = (bucket) => list(bucket, "");
    expect(await client().planPrune()).toEqual([]);
  });

  it("stays while a record has its model or environment, of whatever project", async () => {
    object(`route/models/${"a".repeat(16)}/MLmodel`);
    object(`route/bundles/${"e".repeat(16)}/deploy.tar.gz`);
    record("elsewhere", { spec: spec() });
    expect(await client().planPrune()).toEqual([]);
  });

  it("stays while a version that stays was made of it", async () => {
    object(`route/models/${"a".repeat(16)}/MLmodel`);
    object(`route/bundles/${"e".repeat(16)}/deploy.tar.gz`);
    version("1");
    await deployed("1");
    expect(await client().planPrune()).toEqual([]);
  });

  it("of an environment stays with the image that a version names, whatever the version's labels say", async () => {
    object(`route/bundles/${"e".repeat(16)}/deploy.tar.gz`);
    image(hash("e"));
    version("1");
    platform.registry.versions[0]!.labels["environment-hash"] = hash("9").slice(0, 40);
    await deployed("1");
    expect(await client().planPrune()).toEqual([]);
  });
});

describe("a record", () => {
  const month = 30 * 24 * hour;

  it("goes thirty days after its deployment was deleted", async () => {
    record("old", { deletedAt: time(month + 1) });
    record("new", { deletedAt: time(month - 1) });
    record("living", { completedAt: time(2 * month) });
    expect(await client().planPrune()).toMatchObject([
      {
        kind: "record",
        name: "records/old.json",
        reason: expect.stringMatching(/"old" was deleted on 2025-12-01/) as string,
      },
    ]);
  });

  it("stays while somebody works with it", async () => {
    record("old", { deletedAt: time(2 * month), lock: newLock(platform.services.clock.now()) });
    expect(await client().planPrune()).toEqual([]);
  });

  it("that cannot be read keeps everything, and a warning names it", async () => {
    version("1");
    image(hash("e"));
    record("old", { deletedAt: time(2 * month) });
    const list = platform.store.list.bind(platform.store);
    platform.store.list = async () => ({
      ...(await list()),
      unreadable: [new DeploymentError("FAILED_PRECONDITION", "gs://acme-models/x.json is not a readable record.")],
    });
    const events: ProgressEvent[] = [];
    expect(await client().planPrune({ onProgress: (event) => events.push(event) })).toMatchObject([{ kind: "record" }]);
    expect(events).toMatchObject([
      { type: "warning", message: expect.stringContaining("gs://acme-models/x.json") as string },
    ]);
  });
});

describe("prune", () => {
  const left = () => ({
    versions: platform.registry.versions.map(({ versionId }) => versionId),
    images: [...platform.images.images.keys()],
    objects: [...platform.bucket.objects.values()].map(({ name }) => name),
  });

  it("deletes a plan, versions first and records last, and tells each", async () => {
    await client().createDeployment({ name: "tester", modelUri: "models:/iris/1" });
    await client().deleteDeployment({ name: "tester" });
    platform.services.clock.advance(2 * hour);
    record("old", { deletedAt: time(31 * 24 * hour) });
    const items = await client().planPrune();
    platform.recorder.calls.length = 0;
    const events: ProgressEvent[] = [];
    expect(await client().prune(items, { onProgress: (event) => events.push(event) })).toEqual(items);
    expect(left()).toEqual({ versions: [], images: [], objects: [] });
    expect(platform.recorder.methods.filter((method) => method.endsWith(".delete"))).toEqual([
      "versionManager.delete",
      "imageBuilder.delete",
      "uploader.delete",
      "uploader.delete",
      "deploymentStore.delete",
    ]);
    expect(events).toMatchObject(items.map(() => ({ type: "step", step: "delete", status: "done" })));
    expect(await client().planPrune()).toEqual([]);
  });

  it("takes only what it is given", async () => {
    version("1");
    version("2");
    const [first] = await client().planPrune();
    await client().prune([first!]);
    expect(left().versions).toEqual(["2"]);
  });

  it("leaves what a deployment has come to need since the plan", async () => {
    version("1");
    image(hash("e"));
    const items = await client().planPrune();
    record("tester", { spec: spec(), version: { model: "models/iris", versionId: "1" } });
    const events: ProgressEvent[] = [];
    expect(await client().prune(items, { onProgress: (event) => events.push(event) })).toEqual([]);
    expect(left()).toMatchObject({ versions: ["1"], images: [hash("e")] });
    expect(events).toMatchObject([{ status: "skipped" }, { status: "skipped" }]);
  });

  it("leaves what was never in a plan", async () => {
    version("1");
    await deployed("1");
    const item: PruneItem = { kind: "version", name: "models/iris@1", reason: "", size: null, createTime: null };
    expect(await client().prune([item])).toEqual([]);
    expect(left().versions).toEqual(["1"]);
  });

  it("looks again when the last look is ten seconds old", async () => {
    version("1");
    version("2");
    const items = await client().planPrune();
    const remove = platform.registry.delete.bind(platform.registry);
    platform.registry.delete = async (name) => {
      platform.services.clock.advance(10_000);
      record("tester", { version: { model: "models/iris", versionId: "2" } });
      return remove(name);
    };
    expect(names(await client().prune(items))).toEqual(["models/iris@1"]);
    expect(left().versions).toEqual(["2"]);
  });

  it("keeps the image of a version that stays because it was not to go", async () => {
    version("1");
    image(hash("e"));
    const [, second] = await client().planPrune();
    expect(second?.kind).toBe("image");
    expect(await client().prune([second!])).toEqual([]);
  });

  it("keeps a default version whose model keeps another, and deletes it last where none is left", async () => {
    version("1", { default: true });
    version("2");
    const items = await client().planPrune();
    const first = items.find(({ name }) => name.endsWith("@1"))!;
    expect(await client().prune([first])).toEqual([]);
    expect(names(await client().prune(items.toReversed()))).toEqual(["models/iris@2", "models/iris@1"]);
  });

  it("goes on after a failure, and says at its end what stays and why", async () => {
    for (const id of ["1", "2", "3"]) version(id, { environment: hash(id) });
    for (const id of ["1", "2", "3"]) image(hash(id));
    const items = await client().planPrune();
    platform.recorder.failNext(
      "versionManager",
      "delete",
      new DeploymentError("FAILED_PRECONDITION", "It is deployed."),
    );
    const pruning = client().prune(items);
    await expect(pruning).rejects.toMatchObject({ code: "FAILED_PRECONDITION", retryable: false });
    await expect(pruning).rejects.toThrow(/1 of 6 items.*\n {2}models\/iris@1: It is deployed\./);
    // the image of what stays is needed
    expect(left()).toMatchObject({ versions: ["1"], images: [hash("1")] });
  });

  it("keeps all of a kind that it cannot look at, and goes on with the others", async () => {
    version("1");
    image(hash("1"));
    const items = await client().planPrune();
    platform.recorder.failNext("imageBuilder", "list", new DeploymentError("PERMISSION_DENIED", "Not for you."));
    await expect(client().prune(items)).rejects.toThrow(/1 of 2 items.*\n.*Not for you/);
    expect(left()).toMatchObject({ versions: [], images: [hash("1")] });
  });

  it("stops when it is cancelled", async () => {
    version("1");
    version("2");
    const items = await client().planPrune();
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(client().prune(items, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(left().versions).toEqual(["2"]);
  });

  it("deletes nothing twice that is named twice", async () => {
    version("1");
    const items = await client().planPrune();
    expect(await client().prune([...items, ...items])).toHaveLength(1);
  });
});

it("a platform without pruning says so", async () => {
  await expect(client().planPrune({ config: { platform: "legacy" } })).rejects.toMatchObject({
    code: "NOT_IMPLEMENTED",
  });
});

it("pruning never touches the files of two models with one file in common", async () => {
  const models = new Map([
    ["models:/a/1", mockModel("models:/a/1")],
    [
      "models:/b/1",
      { ...mockModel("models:/b/1"), files: mockModel("x").files.map((file) => ({ ...file, sha256: "b".repeat(64) })) },
    ],
  ]);
  platform = mockPlatform({ model: (uri) => models.get(uri)! });
  for (const name of ["a", "b"]) await client().createDeployment({ name, modelUri: `models:/${name}/1` });
  await client().deleteDeployment({ name: "a" });
  platform.services.clock.advance(2 * hour);
  await client().prune(await client().planPrune());
  const objects = [...platform.bucket.objects.keys()];
  expect(objects.filter((name) => name.includes("/models/"))).toHaveLength(1);
  expect(objects.filter((name) => name.includes("/bundles/"))).toHaveLength(1);
  expect(await client().getDeployment({ name: "b" })).toMatchObject({ state: "ready" });
});
