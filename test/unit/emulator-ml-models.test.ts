import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type MlFixture, prepare, startMl } from "./emulator-ml-fixture.js";

let ml: MlFixture;

beforeAll(async () => {
  ml = await startMl();
  await prepare(ml, { description: "flowers", labels: { team: "ml" }, onlinePredictionLogging: true });
});
afterAll(() => ml.stop());

const create = (body: unknown, project = "acme") => ml.call("POST", `projects/${project}/models`, body);

describe("a model", () => {
  it("is answered at once, with its whole name and a base64 etag", async () => {
    const { status, json } = await create({ name: "Wine_2", onlinePredictionConsoleLogging: true });
    expect(status).toBe(200);
    expect(json).toEqual({
      name: "projects/acme/models/Wine_2",
      regions: ["us-central1"],
      onlinePredictionConsoleLogging: true,
      etag: expect.stringMatching(/^[A-Za-z0-9+/]{11}=$/),
    });
    expect((await ml.call("GET", "projects/acme/models/Wine_2")).json).toEqual(json);
  });

  it("is found by the project's number too, under the name with its id", async () => {
    const { serviceAccountProject } = (await ml.call("GET", "projects/acme:getConfig")).json;
    const { json } = await ml.call("GET", `projects/${serviceAccountProject}/models/iris`);
    expect(json["name"]).toBe("projects/acme/models/iris");
  });

  it.each([
    ["no name", {}, "model.name"],
    ["a name with a hyphen", { name: "wine-3" }, "model.name"],
    ["a name that begins with a digit", { name: "3" }, "model.name"],
    ["a name that is too long", { name: "a".repeat(129) }, "model.name"],
    ["two regions", { name: "two", regions: ["us-east1", "us-west1"] }, "model.regions"],
    ["a region that is none", { name: "moon", regions: ["moon"] }, "model.regions"],
    ["a label in capitals", { name: "label", labels: { team: "ML" } }, "model.labels"],
  ])("is refused with %s, naming the field", async (_what, body, field) => {
    const { status, json } = await create(body);
    expect([status, json["error"].status]).toEqual([400, "INVALID_ARGUMENT"]);
    expect(json["error"].message).toMatch(`Field: ${field} Error: `);
    expect(json["error"].details[0].fieldViolations[0].field).toBe(field);
  });

  it("is refused with an unknown field or a wrong type, in the words of Google's front end", async () => {
    const unknown = (await create({ name: "x", displayName: "x" })).json["error"];
    expect(unknown.message).toContain(`Unknown name "displayName" at 'model': Cannot find field.`);
    const wrong = (await create({ name: "x", onlinePredictionLogging: "yes" })).json["error"];
    expect(wrong.message).toBe(`Invalid value at 'model.online_prediction_logging' (TYPE_BOOL), "yes"`);
  });

  it("that exists is a conflict in the service's words", async () => {
    const { status, json } = await create({ name: "iris" });
    expect([status, json["error"].status]).toEqual([409, "ALREADY_EXISTS"]);
    expect(json["error"].message).toBe("Field: model.name Error: A model with the same name already exists.");
  });

  it("that is absent is not found", async () => {
    const { status, json } = await ml.call("GET", "projects/acme/models/rose");
    expect([status, json["error"].status]).toEqual([404, "NOT_FOUND"]);
    expect(json["error"].message).toContain('The model resource: "rose" was not found.');
  });
});

describe("the models of a project", () => {
  it("are listed in pages, by name, and filtered by name and labels", async () => {
    await create({ name: "b" }, "other");
    await create({ name: "a", labels: { team: "ml" } }, "other");
    const first = (await ml.call("GET", "projects/other/models?pageSize=1")).json;
    expect(first["models"]).toMatchObject([{ name: "projects/other/models/a" }]);
    const token = first["nextPageToken"] as string;
    const second = (await ml.call("GET", `projects/other/models?pageSize=1&pageToken=${token}`)).json;
    expect(second).toMatchObject({ models: [{ name: "projects/other/models/b" }] });
    expect(second).not.toHaveProperty("nextPageToken");
    const byLabel = (await ml.call("GET", `projects/other/models?filter=${encodeURIComponent("labels.team=ml")}`)).json;
    expect(byLabel["models"]).toHaveLength(1);
    const byName = (await ml.call("GET", "projects/other/models?filter=name%3Db")).json;
    expect(byName["models"]).toMatchObject([{ name: "projects/other/models/b" }]);
  });

  it("that are none are an empty object", async () => {
    expect((await ml.call("GET", "projects/nobody/models")).json).toEqual({});
  });
});

describe("patching a model", () => {
  const patch = (mask: string, body: unknown) => ml.call("PATCH", `projects/acme/models/iris?updateMask=${mask}`, body);

  it("is an operation that changes the description alone", async () => {
    const path = "projects/acme/models/iris?updateMask=description";
    const { metadata, response } = await ml.run("PATCH", path, { description: "petals", name: "ignored" });
    expect(metadata).toMatchObject({
      "@type": "type.googleapis.com/google.cloud.ml.v1.OperationMetadata",
      operationType: "UPDATE_MODEL",
      modelName: "projects/acme/models/iris",
      startTime: expect.any(String),
      endTime: expect.any(String),
    });
    expect(response).toMatchObject({ "@type": "type.googleapis.com/google.cloud.ml.v1.Model", description: "petals" });
    expect((await ml.call("GET", "projects/acme/models/iris")).json).toMatchObject({
      name: "projects/acme/models/iris",
      description: "petals",
      labels: { team: "ml" },
    });
  });

  it("is refused without a mask, for another field, and with an old etag", async () => {
    expect((await patch("", { description: "x" })).json["error"].message).toContain("Field: update_mask Error:");
    expect((await patch("labels", {})).json["error"].message).toContain("labels can't be updated");
    expect((await patch("description", { etag: "b2xk" })).json["error"]).toMatchObject({
      code: 409,
      status: "ABORTED",
    });
  });
});

describe("operations", () => {
  it("are read and listed under the project, named by what they do", async () => {
    const { json } = await ml.call("DELETE", "projects/acme/models/Wine_2");
    expect(json["name"]).toMatch(/^projects\/acme\/operations\/delete_Wine_2-\d{13}$/);
    await expect.poll(async () => (await ml.call("GET", json["name"] as string)).json["done"]).toBe(true);
    const { operations } = (await ml.call("GET", "projects/acme/operations?pageSize=100")).json;
    expect(operations.map((each: { name: string }) => each.name)).toContain(json["name"]);
    expect((await ml.call("GET", "projects/acme/models/Wine_2")).status).toBe(404);
  });
});
