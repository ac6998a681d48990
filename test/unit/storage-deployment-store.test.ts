import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { DeploymentRecord } from "../../src/core/record.js";
import { GcsDeploymentStore, recordObject } from "../../src/storage/deployment-store.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";

const record: DeploymentRecord = {
  schemaVersion: 1,
  name: "Iris model",
  spec: {
    specHash: "aa",
    environmentHash: "bb",
    modelHash: "cc",
    modelUri: "models:/iris/1",
    flavor: null,
    settings: { machineType: "n1-standard-2" },
  },
  endpoint: null,
  version: { model: "projects/p/locations/l/models/iris", versionId: "1" },
  attempt: 0,
  update: null,
  deletedAt: null,
  pending: { step: "image", startedAt: "2026-11-23T10:00:00.000Z", operation: null },
  completedAt: null,
  lock: {
    id: "lock-1",
    owner: "ada@laptop (7)",
    host: "laptop",
    pid: 7,
    acquiredAt: "2026-11-23T10:00:00.000Z",
    expiresAt: "2026-11-23T10:05:00.000Z",
  },
  history: [
    {
      at: "2026-11-22T10:00:00.000Z",
      action: "create",
      outcome: "failed",
      specHash: "aa",
      modelUri: "models:/iris/1",
      modelVersionId: null,
      message: "no quota",
    },
  ],
};
const objectName = recordObject("route", record.name);
const context = recordingContext();

let fake: FakeStorage;
let store: GcsDeploymentStore;
beforeEach(async () => {
  fake = await FakeStorage.start();
  store = new GcsDeploymentStore(fake.connection(), { bucket: "b", prefix: "route" });
});
afterEach(() => fake.stop());

describe("a record's object", () => {
  it("has a readable name with a hash, since names that read the same differ", () => {
    expect(objectName).toMatch(/^route\/iris-model-[0-9a-f]{12}\.json$/);
    expect(recordObject("route", "iris-model")).not.toBe(objectName);
  });

  it("stays below the prefix whatever the deployment's name", () => {
    expect(recordObject("route", "../../x")).toMatch(/^route\/x-[0-9a-f]{12}\.json$/);
    expect(recordObject("", "模型")).toMatch(/^[0-9a-f]{12}\.json$/);
    expect(recordObject("route", "n".repeat(5000)).length).toBeLessThan(120);
  });
});

describe("a record", () => {
  it("is read as it was written, with the generation that the write gave", async () => {
    const generation = await store.write(record, null, context);
    expect(await store.read(record.name, context)).toEqual({ record, generation });
    expect(fake.objects.get(objectName)?.metadata).toMatchObject({
      contentType: "application/json",
      cacheControl: "no-store",
    });
  });

  it("is null when there is none", async () => {
    expect(await store.read(record.name, context)).toBeNull();
  });

  it("is not taken for absent when the bucket is missing", async () => {
    fake.bucket = null;
    await expect(store.read(record.name, context)).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining('Create the bucket "b"'),
    });
  });

  it("is written over the generation that was read, and no other", async () => {
    const first = await store.write(record, null, context);
    const second = await store.write({ ...record, attempt: 1 }, first, context);
    expect(second).not.toBe(first);
    await expect(store.write({ ...record, attempt: 2 }, first, context)).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
      retryable: false,
      message: expect.stringMatching(/"Iris model" .*another process works on this deployment/),
    });
    expect((await store.read(record.name, context))?.record.attempt).toBe(1);
  });

  it("has one winner of two who write the first one", async () => {
    const other = { ...record, lock: { ...record.lock!, id: "lock-2" } };
    const outcomes = await Promise.allSettled([store.write(record, null, context), store.write(other, null, context)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("counts as written when the answer was lost and the repetition is refused", async () => {
    let writes = 0;
    fake.fault = ({ method }) => (method === "POST" && ++writes === 1 ? "lose answer" : undefined);
    const generation = await store.write(record, null, context);
    expect(writes).toBe(2);
    expect(generation).toBe(fake.objects.get(objectName)?.generation);
  });

  it("is a conflict when the answer was lost because someone else had written", async () => {
    fake.put(objectName, JSON.stringify({ ...record, attempt: 5 }));
    let writes = 0;
    fake.fault = ({ method }) => (method === "POST" && ++writes === 1 ? "lose answer" : undefined);
    await expect(store.write(record, null, context)).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
  });

  it("waits out the limit of one write a second", async () => {
    let writes = 0;
    fake.fault = ({ method }) =>
      method === "POST" && ++writes === 1 ? { status: 429, message: "The object exceeded the rate limit" } : undefined;
    expect(await store.write(record, null, context)).toBe(fake.objects.get(objectName)?.generation);
  });

  it("is read again when it is replaced between the two requests of a read", async () => {
    const first = await store.write(record, null, context);
    fake.fault = ({ query }) => {
      if (query.get("generation") === first) fake.put(objectName, JSON.stringify({ ...record, attempt: 9 }));
      return undefined;
    };
    expect((await store.read(record.name, context))?.record.attempt).toBe(9);
  });

  it("keeps what a later version of this package added", async () => {
    fake.put(objectName, JSON.stringify({ ...record, rollout: { percent: 10 } }));
    expect((await store.read(record.name, context))?.record).toMatchObject({ rollout: { percent: 10 } });
  });

  it.each([
    ["is not JSON", "{", /it is not JSON/],
    ["lacks a field", JSON.stringify({ ...record, attempt: undefined }), /attempt: /],
    ["is that of another deployment", JSON.stringify({ ...record, name: "other" }), /record of "other"/],
    ["was written by a newer version", JSON.stringify({ schemaVersion: 2 }), /schema version 2.*Upgrade/],
  ])("that %s is an error which names the object", async (_, text, message) => {
    fake.put(objectName, text);
    await expect(store.read(record.name, context)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(message),
    });
    await expect(store.read(record.name, context)).rejects.toThrow(`gs://b/${objectName}`);
  });
});

describe("deleting a record", () => {
  it("may be repeated", async () => {
    const generation = await store.write(record, null, context);
    await store.delete(record.name, generation, context);
    await store.delete(record.name, generation, context);
    expect(fake.objects.size).toBe(0);
  });

  it("is done though its answer was lost", async () => {
    const generation = await store.write(record, null, context);
    let lost = false;
    fake.fault = ({ method }) => {
      if (method !== "DELETE" || lost) return undefined;
      lost = true;
      return "lose answer";
    };
    await store.delete(record.name, generation, context);
    expect(fake.objects.size).toBe(0);
  });

  it("does not take what another process writes at that moment", async () => {
    const generation = await store.write(record, null, context);
    fake.fault = ({ method }) => {
      if (method === "DELETE") fake.put(objectName, "newer");
      return undefined;
    };
    await expect(store.delete(record.name, generation, context)).rejects.toMatchObject({ code: "RESOURCE_CONFLICT" });
    expect(fake.objects.get(objectName)?.content.toString()).toBe("newer");
  });
});
