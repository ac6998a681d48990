import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Json, type MlFixture, prepare, startMl } from "./emulator-ml-fixture.js";

let ml: MlFixture;
const model = "projects/acme/models/iris";

beforeAll(async () => {
  ml = await startMl();
  await prepare(ml, { onlinePredictionConsoleLogging: true });
  await ml.createVersion("first", { predictionClass: "fake.First" });
  await ml.createVersion("second", { predictionClass: "fake.Second" });
});
afterAll(() => ml.stop());

const predict = (name: string, body: unknown) => ml.call("POST", `${name}:predict`, body);
const ask = async (reply: string, more: Json = {}) =>
  (await predict(model, { instances: [], reply, ...more })).json["predictions"] as unknown[] | undefined;

describe("a prediction", () => {
  it("goes to the default version, or to the one that it names", async () => {
    expect((await ask("who"))?.[0]).toBe("fake.First");
    const named = await predict(`${model}/versions/second`, { instances: [], reply: "who" });
    expect(named.json["predictions"][0]).toBe("fake.Second");
    await ml.call("POST", `${model}/versions/second:setDefault`, {});
    expect((await ask("who"))?.[0]).toBe("fake.Second");
    await ml.call("POST", `${model}/versions/first:setDefault`, {});
  });

  it("has the request's body as it is, and notes when the version was used", async () => {
    const { json } = await predict(model, { instances: [[1, 2]], probabilities: true });
    expect(json).toEqual({ predictions: [[[1, 2]], { probabilities: true }] });
    const { lastUseTime } = (await ml.call("GET", `${model}/versions/first`)).json;
    expect(Date.parse(lastUseTime as string)).toBeGreaterThan(Date.now() - 60_000);
  });

  it("of a model without versions, or of one that is not there, is refused", async () => {
    await ml.call("POST", "projects/acme/models", { name: "empty" });
    expect((await predict("projects/acme/models/empty", { instances: [] })).json["error"]).toMatchObject({
      status: "FAILED_PRECONDITION",
      message: expect.stringContaining("has no default version"),
    });
    expect((await predict(`${model}/versions/third`, { instances: [] })).status).toBe(404);
    expect((await predict("projects/acme/models/rose", { instances: [] })).status).toBe(404);
  });

  it("of a failed version is refused", async () => {
    await ml.createVersion("broken", { predictionClass: "fake.Broken" });
    const { json } = await predict(`${model}/versions/broken`, { instances: [] });
    expect(json["error"].message).toContain("verify that CreateVersion has completed successfully");
  });

  it("that is too large is refused in Google's words", async () => {
    const { status, json } = await predict(model, { instances: ["x".repeat(1_600_000)] });
    expect([status, json["error"].message]).toEqual([400, "Request payload size exceeds the limit: 1572864 bytes."]);
  });

  it("waits while the server of a version that died is started again", async () => {
    const before = (await ask("who"))?.[1];
    const crashed = await predict(model, { instances: [], reply: "crash" });
    expect(crashed.json["error"]).toMatchObject({ code: 503, status: "UNAVAILABLE" });
    await expect
      .poll(async () => (await ask("who"))?.[1], { timeout: 10_000 })
      .toSatisfy((pid: unknown) => typeof pid === "number" && pid !== before);
  });
});

describe("the server of a version", () => {
  it("has the files of its model in a directory of its own, however the bucket changes", async () => {
    await ml.objects.delete("acme-models", "iris/1/data/weights");
    expect(await ask("model")).toEqual(["content of iris/1/data/weights"]);
  });

  it("reads the whole bucket of its model, and no other", async () => {
    expect(await ask("storage", { path: "acme-models/o/iris%2F10%2Fother" })).toEqual([
      200,
      "content of iris/10/other",
    ]);
    await ml.objects.createBucket("others", { project: "acme", location: "EU" });
    expect((await ask("storage", { path: "others/o/x" }))?.[0]).toBe(403);
  });

  it("logs to Cloud Logging when its model has console logging, and only then", async () => {
    await ask("log", { line: "hello" });
    await expect.poll(() => ml.logged.map(({ textPayload }) => textPayload)).toContain("hello");
    expect(ml.logged.find(({ textPayload }) => textPayload === "hello")).toMatchObject({
      projectId: "acme",
      severity: "INFO",
      resource: {
        type: "cloudml_model_version",
        labels: { project_id: "acme", model_id: "iris", version_id: "first", region: "europe-west1" },
      },
    });
    expect(ml.logged.map(({ textPayload }) => textPayload)).toContain("installing 1 package(s)");
    await ml.call("POST", "projects/acme/models", { name: "quiet" });
    const body = { deploymentUri: "gs://acme-models/iris/10", runtimeVersion: "1.15", pythonVersion: "2.7" };
    const packages = { packageUris: ["gs://acme-models/packages/predictor-1.tar.gz"], predictionClass: "fake.Quiet" };
    await ml.run("POST", "projects/acme/models/quiet/versions", { ...body, ...packages, name: "v1" });
    await predict("projects/acme/models/quiet", { instances: [], reply: "log", line: "unheard" });
    await ask("log", { line: "after" });
    await expect.poll(() => ml.logged.map(({ textPayload }) => textPayload)).toContain("after");
    expect(ml.logged.map(({ textPayload }) => textPayload)).not.toContain("unheard");
  });
});
