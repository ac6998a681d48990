import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { holdsRegion } from "../../src/storage/bucket-location.js";
import { GcsUploader } from "../../src/storage/uploader.js";
import { FakeStorage, recordingContext } from "./storage-fake.js";

describe("a bucket's location", () => {
  const custom = (...dataLocations: string[]) => ({ location: "US", customPlacementConfig: { dataLocations } });

  it.each([
    [{ location: "EUROPE-WEST1" }, "europe-west1", true],
    [{ location: "EUROPE-WEST1" }, "europe-west4", false],
    [{ location: "US" }, "us-central1", true],
    [{ location: "US" }, "europe-west1", false],
    [{ location: "EU" }, "europe-west1", true],
    [{ location: "EU" }, "europe-west2", false],
    [{ location: "ASIA" }, "asia-northeast1", true],
    [{ location: "NAM4" }, "us-east1", true],
    [{ location: "NAM4" }, "us-west1", false],
    [custom("US-CENTRAL1", "US-WEST1"), "us-west1", true],
    [custom("US-CENTRAL1", "US-WEST1"), "us-east4", false],
  ])("%j holds %s: %s", (bucket, region, expected) => {
    expect(holdsRegion(bucket, region)).toBe(expected);
  });
});

describe("checking a bucket", () => {
  let fake: FakeStorage;
  beforeEach(async () => {
    fake = await FakeStorage.start();
  });
  afterEach(() => fake.stop());

  const check = (context = recordingContext()) =>
    new GcsUploader(fake.connection()).checkBucket("b", "us-central1", context);

  it("passes for one in the region", async () => {
    const context = recordingContext();
    await check(context);
    expect(context.events).toEqual([]);
  });

  it("names the bucket, its region and the wanted one when they differ", async () => {
    fake.bucket = { name: "b", location: "EUROPE-WEST1" };
    await expect(check()).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(/"b" is in EUROPE-WEST1, but .* us-central1/),
    });
  });

  it("gives the command that makes a missing one", async () => {
    fake.bucket = null;
    await expect(check()).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining("gcloud storage buckets create gs://b --location=us-central1"),
    });
  });

  it("only warns when the caller may use the objects but not read the bucket", async () => {
    fake.fault = ({ path }) => (path.endsWith("/o") ? undefined : { status: 403, message: "no storage.buckets.get" });
    const context = recordingContext();
    await check(context);
    expect(context.events).toEqual([
      {
        type: "warning",
        message: expect.stringMatching(/ci@acme\.iam .*storage\.buckets\.get.*region was not checked/),
      },
    ]);
  });

  it("names caller and role when the objects are forbidden too", async () => {
    fake.fault = () => ({ status: 403, message: "ci@acme.iam does not have storage.objects.list access." });
    await expect(check()).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(
        /storage\.objects\.list access.*Grant ci@acme\.iam the role roles\/storage\.objectAdmin/,
      ),
    });
  });
});
