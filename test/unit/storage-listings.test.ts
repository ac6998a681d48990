import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { newRecord } from "../../src/rollout/new-record.js";
import { GcsDeploymentStore, recordObject } from "../../src/storage/deployment-store.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";

const context = recordingContext();

let fake: FakeStorage;
beforeEach(async () => {
  fake = await FakeStorage.start();
});
afterEach(() => fake.stop());

describe("objects", () => {
  let uploader: GcsUploader;
  beforeEach(() => {
    uploader = new GcsUploader(fake.connection());
  });

  it("are listed below a prefix, over all pages", async () => {
    fake.pageSize = 1;
    const createTime = "2026-11-23T12:00:00.000Z";
    const first = fake.put("route/models/a", "123", { timeCreated: createTime });
    const second = fake.put("route/models/b", "1");
    fake.put("route/other", "");
    expect(await uploader.list("b", "route/models/", context)).toEqual([
      { name: "route/models/a", generation: first.generation, size: 3, createTime },
      { name: "route/models/b", generation: second.generation, size: 1, createTime: null },
    ]);
  });

  it("are deleted in the generation that was listed", async () => {
    const object = fake.put("route/a", "1");
    await uploader.delete("b", object, context);
    expect(fake.objects.size).toBe(0);
    expect(fake.writes[0]?.query.get("ifGenerationMatch")).toBe(object.generation);
  });

  it("that somebody has written anew stay", async () => {
    const { generation } = fake.put("route/a", "1");
    fake.put("route/a", "2");
    await expect(uploader.delete("b", { name: "route/a", generation }, context)).rejects.toMatchObject({
      code: "RESOURCE_CONFLICT",
    });
    expect(fake.objects.has("route/a")).toBe(true);
  });

  it("that are gone are deleted already, but not where the whole bucket is", async () => {
    const object = { name: "route/a", generation: "1" };
    await expect(uploader.delete("b", object, context)).resolves.toBeUndefined();
    fake.bucket = null;
    await expect(uploader.delete("b", object, context)).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("that are forbidden say which role is needed", async () => {
    fake.fault = () => ({ status: 403, message: "ci@acme.iam does not have storage.objects.delete access." });
    await expect(uploader.delete("b", { name: "a", generation: "1" }, context)).rejects.toThrow(
      /Grant ci@acme\.iam the role roles\/storage\.objectAdmin/,
    );
  });
});

describe("the records that share a bucket", () => {
  let store: GcsDeploymentStore;
  const text = (name: string) => JSON.stringify(newRecord(name));
  beforeEach(() => {
    store = new GcsDeploymentStore(fake.connection(), {
      bucket: "b",
      prefix: "route/deployments/acme/europe-west1",
      sharedPrefix: "route/deployments",
    });
  });

  it("are listed with those of other projects and regions, and which are this one's own", async () => {
    fake.pageSize = 1;
    const mine = recordObject("route/deployments/acme/europe-west1", "mine");
    const theirs = recordObject("route/deployments/other/us-central1", "theirs");
    const { generation } = fake.put(mine, text("mine"));
    fake.put(theirs, text("theirs"));
    fake.put("route/deployments-of-ours/x.json", "");
    fake.put("route/deployments/", "");
    const { records, unreadable } = await store.list(context);
    expect(records).toMatchObject([
      { uri: `gs://b/${mine}`, own: true, generation, record: { name: "mine" } },
      { uri: `gs://b/${theirs}`, own: false, record: { name: "theirs" } },
    ]);
    expect(unreadable).toEqual([]);
  });

  it("do not hide what cannot be read", async () => {
    fake.put(recordObject("route/deployments/acme/europe-west1", "mine"), text("mine"));
    fake.put("route/deployments/acme/europe-west1/broken.json", "{");
    fake.put("route/deployments/acme/europe-west1/newer.json", JSON.stringify({ schemaVersion: 2 }));
    const { records, unreadable } = await store.list(context);
    expect(records).toHaveLength(1);
    expect(unreadable.map(({ message }) => message)).toEqual([
      expect.stringContaining("gs://b/route/deployments/acme/europe-west1/broken.json is not a readable record"),
      expect.stringContaining("newer.json has schema version 2"),
    ]);
  });

  it("are not this one's own where a copy of one lies beside it", async () => {
    fake.put("route/deployments/acme/europe-west1/copy.json", text("mine"));
    expect((await store.list(context)).records).toMatchObject([{ own: false }]);
  });

  it("are left out when they are deleted while they are listed", async () => {
    const name = recordObject("route/deployments/acme/europe-west1", "mine");
    fake.put(name, text("mine"));
    fake.fault = ({ path }) => {
      if (path.endsWith(encodeURIComponent(name))) fake.objects.delete(name);
      return undefined;
    };
    expect(await store.list(context)).toEqual({ records: [], unreadable: [] });
  });

  it("fail as a whole when one is there and cannot be fetched", async () => {
    fake.put(recordObject("route/deployments/acme/europe-west1", "mine"), text("mine"));
    fake.fault = ({ path }) => (path.endsWith(".json") ? { status: 403, message: "Forbidden." } : undefined);
    await expect(store.list(context)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });
});
