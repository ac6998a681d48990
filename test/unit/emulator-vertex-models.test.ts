import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  container,
  fakeImage,
  imageUri,
  location,
  startVertex,
  type VertexFixture,
} from "./emulator-vertex-fixture.js";

let vertex: VertexFixture;

beforeAll(async () => {
  vertex = await startVertex();
  await vertex.objects.createBucket("acme-models", { project: "acme", location: "EUROPE-WEST1" });
  await vertex.objects.createBucket("acme-eu", { project: "acme", location: "EU" });
  await vertex.objects.createBucket("acme-us", { project: "acme", location: "US-EAST1" });
  for (const bucket of ["acme-models", "acme-eu", "acme-us"])
    await vertex.objects.write(bucket, "iris/model/MLmodel", Buffer.from("flavors"));
});
afterAll(() => vertex.stop());

const failure = async (model: object, request: object = {}) => {
  const body = { model: { displayName: "iris", containerSpec: container(), ...model }, ...request };
  const started = await vertex.call("POST", `${location}/models:upload`, body);
  if (started.status !== 200) return started.json["error"] as { code: number; status: string; message: string };
  return (await vertex.call("POST", `${started.json["name"]}:wait`)).json["error"] as { code: number; message: string };
};

describe("uploading a model", () => {
  it("answers with an unfinished operation, and the model's name and version once it is done", async () => {
    const body = { modelId: "first", model: { displayName: "iris", containerSpec: container() } };
    const { json: started } = await vertex.call("POST", `${location}/models:upload`, body);
    expect(started).toMatchObject({
      done: false,
      metadata: { "@type": expect.stringContaining("v1.UploadModelOperationMetadata") },
    });
    expect(started["metadata"].genericMetadata.createTime).toMatch(/^\d{4}-/);
    const { json: done } = await vertex.call("POST", `${started["name"]}:wait?timeout=10s`);
    expect(done).toMatchObject({
      done: true,
      response: {
        "@type": "type.googleapis.com/google.cloud.aiplatform.v1.UploadModelResponse",
        model: expect.stringMatching(/^projects\/\d{12}\/locations\/europe-west1\/models\/first$/),
        modelVersionId: "1",
      },
    });
  });

  it("refuses a modelId that exists, and one whose upload is under way", async () => {
    await vertex.upload({}, { modelId: "taken" });
    expect(await failure({}, { modelId: "taken" })).toMatchObject({ code: 409, status: "ALREADY_EXISTS" });
    const body = { modelId: "soon", model: { displayName: "iris", containerSpec: container() } };
    const [one, two] = await Promise.all([1, 2].map(() => vertex.call("POST", `${location}/models:upload`, body)));
    expect([one?.status, two?.status]).toEqual(expect.arrayContaining([200, 409]));
  });

  it("makes a version of parentModel, which must exist", async () => {
    const name = await vertex.upload();
    await vertex.upload({ displayName: "other" }, { parentModel: name });
    expect((await vertex.call("GET", `${name}@2`)).json).toMatchObject({ versionId: "2", displayName: "iris" });
    expect(await failure({}, { parentModel: `${location}/models/nowhere` })).toMatchObject({
      code: 404,
      status: "NOT_FOUND",
    });
  });

  it("refuses an image that is missing, or outside the region's Artifact Registry", async () => {
    const missing = imageUri.replace("fake", "missing");
    expect(await failure({ containerSpec: container({ imageUri: missing }) })).toMatchObject({
      code: 5,
      message: `Image ${missing} not found.`,
    });
    for (const elsewhere of [
      imageUri.replace("europe-west1", "us-east1"),
      imageUri.replace("europe-west1", "europe"),
      "docker.io/library/python",
    ]) {
      expect(await failure({ containerSpec: container({ imageUri: elsewhere }) })).toMatchObject({ code: 3 });
    }
  });

  it("keeps the image as it was, whatever happens to its tag", async () => {
    vertex.images.push(imageUri.replace("fake:1", "moving"), "1", fakeImage("2"));
    const name = await vertex.upload({ containerSpec: container({ imageUri: imageUri.replace("fake", "moving") }) });
    for (const each of vertex.images.inRepository("europe-west1-docker.pkg.dev/acme/models"))
      vertex.images.delete(each);
    const endpoint = await vertex.createEndpoint();
    expect((await vertex.deploy(endpoint, name)).error).toBeUndefined();
    vertex.images.push(imageUri.replace(":1", ""), "1", fakeImage());
  });

  it("refuses artifacts in a bucket that is missing or in another region, and takes a multi-region around it", async () => {
    expect(await failure({ artifactUri: "gs://acme-nowhere/iris" })).toMatchObject({
      code: 3,
      message: expect.stringContaining("does not exist"),
    });
    expect(await failure({ artifactUri: "gs://acme-us/iris/model" })).toMatchObject({
      code: 9,
      message: expect.stringContaining("`us-east1`"),
    });
    expect(await failure({ artifactUri: "gs://acme-models/nothing" })).toMatchObject({ code: 9 });
    expect(await failure({ artifactUri: "gs://acme-eu/iris/model/" })).toBeUndefined();
  });

  it("copies the artifacts of uploads that run side by side", async () => {
    const place = "projects/elsewhere/locations/europe-west1";
    const model = { displayName: "iris", containerSpec: container(), artifactUri: "gs://acme-models/iris/model" };
    const done = await Promise.all([1, 2, 3].map(() => vertex.run("POST", `${place}/models:upload`, { model })));
    expect(done.map((each) => each.error)).toEqual([undefined, undefined, undefined]);
  });

  it("refuses artifacts over 10 GB", async () => {
    const list = vertex.objects.list.bind(vertex.objects);
    vertex.objects.list = async (...of) =>
      (await list(...of)).map((each) => ({ ...each, size: String(10 * 1024 ** 3 + 1) }));
    const error = await failure({ artifactUri: "gs://acme-models/iris/model" });
    vertex.objects.list = list;
    expect(error).toMatchObject({ code: 9, message: expect.stringContaining("exceeds the allowed maximum") });
  });

  it("refuses AIP_ variables, more than 200 variables and names that are no identifiers, all named in one error", async () => {
    const env = [
      { name: "AIP_MODE", value: "x" },
      { name: "a-b", value: "x" },
      ...Array.from({ length: 199 }, (_, index) => ({ name: `V${index}`, value: "x" })),
    ];
    const { message } = await failure({ containerSpec: container({ env }) });
    expect(message).toContain("env[0].name");
    expect(message).toContain("env[1].name");
    expect(message).toContain("At most 200");
  });

  it.each([
    ["an id that begins with a digit", {}, { modelId: "1st" }, "model_id"],
    ["a display name of 129 characters", { displayName: "x".repeat(129) }, {}, "model.display_name"],
    ["no display name", { displayName: "" }, {}, "model.display_name"],
    ["a label in capitals", { labels: { team: "ML" } }, {}, "model.labels"],
    ["a label key of 65 characters", { labels: { ["k".repeat(65)]: "v" } }, {}, "model.labels"],
    ["an alias with an underscore", { versionAliases: ["v_1"] }, {}, "model.version_aliases"],
    ["an alias that is a number", { versionAliases: ["1"] }, {}, "model.version_aliases"],
    [
      "a deployment timeout over two hours",
      { containerSpec: container({ deploymentTimeout: "7201s" }) },
      {},
      "deployment_timeout",
    ],
    ["no container", { containerSpec: null }, {}, "model.container_spec"],
    ["a route without a slash", { containerSpec: container({ predictRoute: "predict" }) }, {}, "predict_route"],
  ])("refuses %s", async (_what, model, request, field) => {
    const error = await failure(model, request);
    expect(error).toMatchObject({ code: 400, status: "INVALID_ARGUMENT" });
    expect(error?.message).toMatch(/^List of found errors:\t1\.Field: /);
    expect(error?.message).toContain(field);
  });
});

describe("reading models", () => {
  it("finds a version by id and by alias, percent-encoded too, and the default version by the name alone", async () => {
    const name = await vertex.upload({ versionAliases: ["champion"] });
    await vertex.upload({ versionDescription: "second" }, { parentModel: name });
    expect((await vertex.call("GET", name)).json).toMatchObject({
      versionId: "1",
      versionAliases: ["default", "champion"],
    });
    expect((await vertex.call("GET", `${name}%402`)).json).toMatchObject({
      versionId: "2",
      versionDescription: "second",
    });
    expect((await vertex.call("GET", `${name}@champion`)).json["versionId"]).toBe("1");
    expect((await vertex.call("GET", `${name}@3`)).json["error"]).toMatchObject({ code: 404, status: "NOT_FOUND" });
  });

  it("merges the labels of model and version", async () => {
    const name = await vertex.upload({ labels: { run: "a" } });
    await vertex.call("PATCH", `${name}?updateMask=labels`, { labels: { team: "ml" } });
    expect((await vertex.call("GET", name)).json["labels"]).toEqual({ team: "ml", run: "a" });
    await vertex.call("PATCH", `${name}@1?updateMask=labels`, { labels: { run: "b" } });
    expect((await vertex.call("GET", name)).json["labels"]).toEqual({ team: "ml", run: "b" });
  });

  it("filters by id, display name and labels, orders and pages", async () => {
    const place = "projects/lists/locations/europe-west1";
    for (const [displayName, labels] of [
      ["b", { team: "ml" }],
      ["a", { team: "ml", owner: "me" }],
      ["c", {}],
    ] as const) {
      await vertex.run("POST", `${place}/models:upload`, {
        modelId: `id-${displayName}`,
        model: { displayName, labels, containerSpec: container() },
      });
    }
    const names = async (query: Record<string, string>) => {
      const { json } = await vertex.call("GET", `${place}/models?${new URLSearchParams(query).toString()}`);
      return {
        names: json["models"]?.map((each: { displayName: string }) => each.displayName),
        next: json["nextPageToken"],
      };
    };
    expect((await names({ filter: 'display_name="a"' })).names).toEqual(["a"]);
    expect((await names({ filter: "displayName!=a" })).names).toEqual(["b", "c"]);
    expect((await names({ filter: "model=id-c" })).names).toEqual(["c"]);
    expect((await names({ filter: "labels.team=ml AND labels.owner:*" })).names).toEqual(["a"]);
    expect((await names({ orderBy: "display_name desc" })).names).toEqual(["c", "b", "a"]);
    const first = await names({ orderBy: "display_name", pageSize: "2" });
    expect(first).toEqual({ names: ["a", "b"], next: expect.any(String) });
    expect(await names({ orderBy: "display_name", pageSize: "2", pageToken: first.next })).toEqual({
      names: ["c"],
      next: undefined,
    });
    expect((await vertex.call("GET", `${place}/models?pageToken=${first.next}`)).status).toBe(400);
    expect((await vertex.call("GET", `${place}/models?filter=size%3D3`)).status).toBe(400);
    expect((await vertex.call("GET", `${place}/models?filter=model%3Da%20OR%20model%3Db`)).status).toBe(400);
    expect((await vertex.call("GET", `${place}/models?orderBy=size`)).status).toBe(400);
  });
});

describe("changing versions", () => {
  it("updates a model's fields by its name, a version's by name@version, and nothing else", async () => {
    const name = await vertex.upload({ description: "old" });
    const patched = await vertex.call("PATCH", `${name}?updateMask=displayName,description`, { displayName: "new" });
    expect(patched.json).toMatchObject({ displayName: "new" });
    expect(patched.json["description"]).toBeUndefined();
    expect(
      (await vertex.call("PATCH", `${name}@1?updateMask=version_description`, { version_description: "v" })).json[
        "versionDescription"
      ],
    ).toBe("v");
    const labelled = await vertex.call("PATCH", `${name}@1?updateMask=labels`, { labels: { stage: "live" } });
    expect(labelled.json["labels"]).toEqual({ stage: "live" });
    expect((await vertex.call("PATCH", `${name}@1?updateMask=labels`, {})).json).not.toHaveProperty("labels");
    expect((await vertex.call("PATCH", `${name}?updateMask=artifactUri`, {})).status).toBe(400);
    expect((await vertex.call("PATCH", name, { displayName: "x" })).status).toBe(400);
  });

  it("refuses a change with another etag than the one it has now", async () => {
    const name = await vertex.upload();
    const { etag } = (await vertex.call("GET", name)).json;
    expect((await vertex.call("PATCH", `${name}?updateMask=description`, { description: "one", etag })).status).toBe(
      200,
    );
    expect(
      (await vertex.call("PATCH", `${name}?updateMask=description`, { description: "two", etag })).json["error"],
    ).toMatchObject({ code: 409, status: "ABORTED" });
  });

  it("keeps an alias on one version, and exactly one default version", async () => {
    const name = await vertex.upload({ versionAliases: ["champion"] });
    await vertex.upload({}, { parentModel: name });
    const merged = await vertex.call("POST", `${name}@2:mergeVersionAliases`, {
      versionAliases: ["default", "champion"],
    });
    expect(merged.json["versionAliases"]).toEqual(["default", "champion"]);
    const { json } = await vertex.call("GET", `${name}:listVersions`);
    expect(json["models"].map((each: Record<string, unknown>) => [each["name"], each["versionAliases"]])).toEqual([
      [`${name}@1`, undefined],
      [`${name}@2`, ["default", "champion"]],
    ]);
    expect(
      (await vertex.call("POST", `${name}@2:mergeVersionAliases`, { versionAliases: ["-champion"] })).json[
        "versionAliases"
      ],
    ).toEqual(["default"]);
    expect((await vertex.call("POST", `${name}@2:mergeVersionAliases`, { versionAliases: ["-default"] })).status).toBe(
      400,
    );
  });

  it("deletes a version, but not the only one, nor the default one", async () => {
    const name = await vertex.upload();
    expect((await vertex.call("DELETE", `${name}@1:deleteVersion`)).json["error"].message).toContain("only version");
    await vertex.upload({}, { parentModel: name });
    expect((await vertex.call("DELETE", `${name}@1:deleteVersion`)).json["error"].message).toContain("default");
    await vertex.run("DELETE", `${name}@2:deleteVersion`);
    expect((await vertex.call("GET", `${name}@2`)).status).toBe(404);
    await vertex.upload({}, { parentModel: name });
    expect((await vertex.call("GET", `${name}@3`)).status).toBe(200);
  });

  it("deletes a model with the service's copy of its artifacts", async () => {
    const name = await vertex.upload({ artifactUri: "gs://acme-models/iris/model" });
    const tenants = vertex.objects.buckets.filter((each) => each.name.startsWith("caip-tenant-"));
    const copies = async () =>
      (await Promise.all(tenants.map((each) => vertex.objects.list(each.name, "")))).flat().length;
    const before = await copies();
    expect((await vertex.run("DELETE", name)).response).toMatchObject({
      "@type": "type.googleapis.com/google.protobuf.Empty",
    });
    expect((await vertex.call("GET", name)).status).toBe(404);
    expect(await copies()).toBe(before - 1);
  });
});
