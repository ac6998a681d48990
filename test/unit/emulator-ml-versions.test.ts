import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Json, type MlFixture, prepare, startMl, version } from "./emulator-ml-fixture.js";

let ml: MlFixture;
const model = "projects/acme/models/iris";

beforeAll(async () => {
  ml = await startMl({ longestStartMs: 2000 });
  await prepare(ml);
});
afterAll(() => ml.stop());

const get = async (name: string) => (await ml.call("GET", `${model}/versions/${name}`)).json;

describe("creating a version", () => {
  it("is an operation that ends with the ready version, the model's first one its default", async () => {
    const asked = { ...version, name: "v_1", description: "first", createTime: "2020-01-01T00:00:00Z" };
    const { json: started } = await ml.call("POST", `${model}/versions`, asked);
    expect(started).toMatchObject({
      name: expect.stringMatching(/^projects\/acme\/operations\/create_iris_v_1-\d+$/),
      done: false,
      metadata: {
        "@type": "type.googleapis.com/google.cloud.ml.v1.OperationMetadata",
        operationType: "CREATE_VERSION",
        modelName: model,
        version: { name: `${model}/versions/v_1`, deploymentUri: version.deploymentUri, state: "CREATING" },
      },
    });
    expect((await get("v_1"))["state"]).toBe("CREATING");
    await expect.poll(async () => (await ml.call("GET", started["name"] as string)).json["done"]).toBe(true);
    const { response, metadata } = (await ml.call("GET", started["name"] as string)).json;
    expect(response).toEqual({
      "@type": "type.googleapis.com/google.cloud.ml.v1.Version",
      ...version,
      name: `${model}/versions/v_1`,
      description: "first",
      machineType: "mls1-c1-m2",
      isDefault: true,
      state: "READY",
      createTime: expect.not.stringMatching(/^2020/),
      etag: expect.any(String),
    });
    expect(metadata).toMatchObject({ startTime: expect.any(String), endTime: expect.any(String) });
    expect((await ml.call("GET", model)).json["defaultVersion"]).toMatchObject({ name: `${model}/versions/v_1` });
  });

  it("of a class that can't be loaded fails in the service's words, and leaves a failed version that can be deleted", async () => {
    const { error } = await ml.createVersion("broken", { predictionClass: "fake.Broken" });
    const message =
      'Create Version failed. Bad model detected with error:  "Failed to load model: ' +
      "Unexpected error when loading the model: No module named 'iris' (Error code: 0)\"";
    expect(error).toEqual({ code: 9, message });
    expect(await get("broken")).toMatchObject({ state: "FAILED", errorMessage: message });
    expect((await ml.run("DELETE", `${model}/versions/broken`))["response"]).toBeDefined();
    expect((await ml.call("GET", `${model}/versions/broken`)).status).toBe(404);
  });

  it("fails when a package can't be installed, or the class is not loaded in time", async () => {
    const bad = await ml.createVersion("bad", { packageUris: ["gs://acme-models/packages/bad-1.tar.gz"] });
    expect(bad["error"].message).toContain(
      "Failed to load model: User-provided package bad-1.tar.gz failed to install",
    );
    const slow = await ml.createVersion("slow", { predictionClass: "fake.Slow" });
    expect(slow["error"].message).toContain("Loading it took longer than 2 seconds");
    expect(await readdir(join(ml.dataDir, "ml"))).toHaveLength(1);
  });

  it("that is cancelled leaves a failed version", async () => {
    const { json } = await ml.call("POST", `${model}/versions`, {
      ...version,
      name: "cancelled",
      predictionClass: "fake.Slow",
    });
    await ml.call("POST", `${json["name"]}:cancel`);
    await expect.poll(async () => (await get("cancelled"))["state"]).toBe("FAILED");
    expect((await ml.call("GET", json["name"] as string)).json["error"]).toMatchObject({ code: 1 });
  });

  const refused: [what: string, changes: Json, status: string, message: string][] = [
    ["no name", { name: "" }, "INVALID_ARGUMENT", "Field: version.name Error:"],
    ["a name with a dot", { name: "1.0" }, "INVALID_ARGUMENT", "Field: version.name Error:"],
    ["no model", { deploymentUri: null }, "INVALID_ARGUMENT", "Field: version.deployment_uri Error:"],
    ["a model that is no gs:// URI", { deploymentUri: "/tmp" }, "INVALID_ARGUMENT", "version.deployment_uri"],
    ["no runtime version", { runtimeVersion: null }, "INVALID_ARGUMENT", "Field: version.runtime_version Error:"],
    ["no Python version", { pythonVersion: null }, "INVALID_ARGUMENT", "Field: version.python_version Error:"],
    ["a class without a module", { predictionClass: "Predictor" }, "INVALID_ARGUMENT", "version.prediction_class"],
    ["a package that is a directory", { packageUris: ["gs://acme-models/"] }, "INVALID_ARGUMENT", "package_uris"],
    ["two kinds of scaling", { autoScaling: {}, manualScaling: {} }, "INVALID_ARGUMENT", "version.manual_scaling"],
    ["an unknown field", { predictorClass: "a.B" }, "INVALID_ARGUMENT", `Unknown name "predictorClass" at 'version'`],
    ["an unknown framework", { framework: "TORCH" }, "INVALID_ARGUMENT", "Invalid value at 'version.framework'"],
    ["class and framework", { framework: "XGBOOST" }, "FAILED_PRECONDITION", 'Exactly one of "prediction_class" and'],
    ["no package", { packageUris: [] }, "FAILED_PRECONDITION", "Field: version.package_uris Error:"],
    ["a machine that is not MLS1", { machineType: "n1-standard-2" }, "FAILED_PRECONDITION", "version.machine_type"],
    ["a Python that never was there", { pythonVersion: "3.11" }, "FAILED_PRECONDITION", "version.python_version"],
    ["a runtime without that Python", { runtimeVersion: "1.14" }, "FAILED_PRECONDITION", "Python 3.7 is not available"],
    [
      "an empty model directory",
      { deploymentUri: "gs://acme-models/no" },
      "FAILED_PRECONDITION",
      "contain any objects",
    ],
    ["no such bucket", { deploymentUri: "gs://nobodys/iris" }, "FAILED_PRECONDITION", "doesn't contain any objects"],
    ["no such package", { packageUris: ["gs://acme-models/x.tar.gz"] }, "FAILED_PRECONDITION", "does not exist"],
    ["a name that is taken", { name: "v_1" }, "ALREADY_EXISTS", "A version with the same name already exists."],
    ["a container", { container: { image: "x" } }, "UNIMPLEMENTED", "version.container"],
    ["an accelerator", { acceleratorConfig: { count: "1" } }, "UNIMPLEMENTED", "version.accelerator_config"],
    ["no class", { predictionClass: null, framework: "XGBOOST" }, "UNIMPLEMENTED", "custom prediction routines only"],
  ];

  it.each(refused)("is refused with %s", async (_what, changes, status, message) => {
    const { json } = await ml.call("POST", `${model}/versions`, { ...version, name: "refused", ...changes });
    expect(json["error"]).toMatchObject({ status, message: expect.stringContaining(message) });
    expect((await ml.call("GET", `${model}/versions/refused`)).status).toBe(404);
  });

  it("is refused for an object whose name leads out of the version's directory", async () => {
    await ml.objects.write("acme-models", "evil/a/../../x", Buffer.from(""));
    const { json } = await ml.call("POST", `${model}/versions`, {
      ...version,
      name: "evil",
      deploymentUri: "gs://acme-models/evil",
    });
    expect(json["error"].message).toContain("has no name that a file can have");
  });
});

describe("the versions of a model", () => {
  it("are listed in pages by name, and an absent model is not found", async () => {
    await ml.createVersion("v_2", { labels: { stage: "test" }, autoScaling: { minNodes: 1 } });
    const { versions, nextPageToken } = (await ml.call("GET", `${model}/versions?pageSize=1&filter=name%21%3Dv_1`))
      .json;
    expect(versions).toHaveLength(1);
    expect(nextPageToken).toEqual(expect.any(String));
    const byLabel = (await ml.call("GET", `${model}/versions?filter=labels.stage%3Dtest`)).json;
    expect(byLabel["versions"]).toMatchObject([{ name: `${model}/versions/v_2` }]);
    expect((await ml.call("GET", "projects/acme/models/rose/versions")).status).toBe(404);
  });

  it("change their description and least nodes only", async () => {
    const path = `${model}/versions/v_2`;
    const mask = "description,autoScaling.minNodes";
    const change = { description: "second", autoScaling: { minNodes: 2 } };
    const { response, metadata } = await ml.run("PATCH", `${path}?updateMask=${mask}`, change);
    expect(metadata).toMatchObject({ operationType: "UPDATE_VERSION", version: { state: "UPDATING" } });
    expect(response).toMatchObject({ ...change, labels: { stage: "test" }, state: "READY" });
    const { json } = await ml.call("PATCH", `${path}?updateMask=machineType`, { machineType: "mls1-c4-m2" });
    expect(json["error"].message).toContain("machineType can't be updated");
  });

  it("are the default one by setDefault and by a patch of the model, once they are ready", async () => {
    const { status, json } = await ml.call("POST", `${model}/versions/v_2:setDefault`, {});
    expect([status, json["isDefault"]]).toEqual([200, true]);
    expect(await get("v_1")).not.toHaveProperty("isDefault");
    const patch = { defaultVersion: { name: "v_1" } };
    await ml.run("PATCH", `${model}?updateMask=default_version.name`, patch);
    expect((await get("v_1"))["isDefault"]).toBe(true);
    const failed = await ml.call("POST", `${model}/versions/cancelled:setDefault`, {});
    expect(failed.json["error"]).toMatchObject({ status: "FAILED_PRECONDITION" });
  });

  it("keep the model from being deleted, and the default one is deleted last", async () => {
    expect((await ml.call("DELETE", model)).json["error"]).toMatchObject({
      status: "FAILED_PRECONDITION",
      message: expect.stringContaining("Delete them first"),
    });
    expect((await ml.call("DELETE", `${model}/versions/v_1`)).json["error"]).toMatchObject({
      status: "FAILED_PRECONDITION",
      message: expect.stringContaining("default version"),
    });
    for (const { name } of (await ml.call("GET", `${model}/versions`)).json["versions"] as Json[]) {
      if (name !== `${model}/versions/v_1`) await ml.run("DELETE", name as string);
    }
    const { metadata, response } = await ml.run("DELETE", `${model}/versions/v_1`);
    expect(metadata).toMatchObject({ operationType: "DELETE_VERSION", version: { state: "DELETING" } });
    expect(response).toEqual({ "@type": "type.googleapis.com/google.protobuf.Empty" });
    expect((await ml.call("GET", model)).json).not.toHaveProperty("defaultVersion");
    expect(await readdir(join(ml.dataDir, "ml"))).toEqual([]);
    expect((await ml.run("DELETE", model))["error"]).toBeUndefined();
  });
});

describe("after a restart", () => {
  it("versions serve again, and one that was being created has failed", async () => {
    const before = await startMl({ latencyMs: 1 });
    await prepare(before);
    await before.createVersion("ready");
    const slow = { ...version, name: "slow", predictionClass: "fake.Slow" };
    await before.call("POST", `${model}/versions`, slow);
    await before.stop({ keep: true });
    const after = await startMl({ dataDir: before.dataDir });
    try {
      const { json } = await after.call("POST", `${model}:predict`, { instances: [], reply: "who" });
      expect(json["predictions"][0]).toBe("fake.Predictor");
      const { state, errorMessage } = (await after.call("GET", `${model}/versions/slow`)).json;
      expect([state, errorMessage]).toEqual(["FAILED", expect.any(String)]);
    } finally {
      await after.stop();
      await rm(before.dataDir, { recursive: true, force: true });
    }
  });

  it("that follows a kill, half-made versions have failed and their directories are gone", async () => {
    const running = await startMl();
    const copy = `${running.dataDir}-as-killed`;
    try {
      await prepare(running);
      const slow = { ...version, name: "slow", predictionClass: "fake.Slow" };
      await running.call("POST", `${model}/versions`, slow);
      await expect.poll(() => readdir(join(running.dataDir, "ml")).catch(() => [])).toHaveLength(1);
      await expect
        .poll(() => readFile(join(running.dataDir, "state", "ml-versions.json"), "utf8").catch(() => ""))
        .toContain("CREATING");
      await cp(running.dataDir, copy, { recursive: true });
      await mkdir(join(copy, "ml", "of-no-version"));
      const after = await startMl({ dataDir: copy });
      try {
        const { state, errorMessage } = (await after.call("GET", `${model}/versions/slow`)).json;
        expect([state, errorMessage]).toEqual(["FAILED", expect.stringContaining("interrupted by a restart")]);
        expect(await readdir(join(copy, "ml"))).not.toContain("of-no-version");
      } finally {
        await after.stop();
      }
    } finally {
      await running.stop();
    }
  });
});
