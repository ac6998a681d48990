import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import {
  container,
  fakeImage,
  type Json,
  location,
  startVertex,
  type VertexFixture,
} from "./emulator-vertex-fixture.js";

const repository = `${location}/repositories/models`;
const host = "europe-west1-docker.pkg.dev/acme";

let vertex: VertexFixture;
let digits = 0;

beforeAll(async () => {
  vertex = await startVertex();
  await vertex.run("POST", `${location}/repositories?repositoryId=models`, { format: "DOCKER" });
});
afterAll(() => vertex.stop());

/** An image of its own, with a directory on disk, that is tagged `v1` and `latest`. */
async function pushImage(name = "iris", into = "models") {
  const digest = `sha256:${String(++digits).padStart(64, "0")}`;
  const root = join(vertex.files.directory, digest.replace(":", "-"));
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "server.py"), "");
  const image = { ...fakeImage(), digest, root };
  for (const tag of ["v1", "latest"]) vertex.images.push(`${host}/${into}/${name}`, tag, image);
  return {
    ...image,
    uri: `${host}/${into}/${name}@${digest}`,
    path: `${repository}/packages/${name}/versions/${digest}`,
  };
}

type Image = Awaited<ReturnType<typeof pushImage>>;
const remove = (image: Image, query = "") => vertex.call("DELETE", `${image.path}${query}`);
const finished = async ({ json }: { json: Json }) => (await vertex.call("POST", `${json["name"]}:wait`)).json;
const uploadOf = (image: Image) => vertex.upload({ containerSpec: container({ imageUri: image.uri }) });

describe("an image's version", () => {
  let image: Image;

  beforeEach(async () => {
    image = await pushImage();
  });

  it("that is tagged is not deleted, but by force with its tags and its files", async () => {
    expect((await remove(image)).json["error"]).toMatchObject({ code: 400, status: "FAILED_PRECONDITION" });
    const started = await remove(image, "?force=true");
    expect(started.json).toMatchObject({ done: false });
    expect(await finished(started)).toMatchObject({ response: { "@type": expect.stringContaining("Empty") } });
    expect((await vertex.call("GET", image.path)).status).toBe(404);
    expect((await vertex.call("GET", `${repository}/packages/iris/tags/v1`)).status).toBe(404);
    expect(vertex.images.find(image.uri)).toBeUndefined();
    expect(existsSync(image.root)).toBe(false);
    expect((await readdir(vertex.files.directory)).filter((name) => name.includes("removed"))).toEqual([]);
  });

  it("is deleted without force once its tags are", async () => {
    for (const tag of ["v1", "latest"]) {
      const deleted = await vertex.call("DELETE", `${repository}/packages/iris/tags/${tag}`);
      expect([deleted.status, deleted.json]).toEqual([200, {}]);
    }
    expect((await vertex.call("DELETE", `${repository}/packages/iris/tags/v1`)).status).toBe(404);
    expect((await vertex.call("GET", image.path)).status).toBe(200);
    expect(await finished(await remove(image))).not.toHaveProperty("error");
    expect(existsSync(image.root)).toBe(false);
    expect((await remove(image)).status).toBe(404);
  });

  it("keeps its files while a model's version runs on them, and loses them with it", async () => {
    const model = await uploadOf(image);
    await finished(await remove(image, "?force=true"));
    expect(existsSync(image.root)).toBe(true);
    const endpoint = await vertex.createEndpoint();
    expect((await vertex.deploy(endpoint, model, { deployedModel: { id: "1" } })).error).toBeUndefined();
    expect((await vertex.predict(endpoint, { instances: [1] })).status).toBe(200);
    await vertex.run("POST", `${endpoint}:undeployModel`, { deployedModelId: "1" });
    await vertex.run("DELETE", model);
    expect(existsSync(image.root)).toBe(false);
  });

  it("keeps its files when the model goes and the image stays", async () => {
    await vertex.run("DELETE", await uploadOf(image));
    expect(existsSync(image.root)).toBe(true);
    await finished(await remove(image, "?force=true"));
    expect(existsSync(image.root)).toBe(false);
  });

  it("keeps its files while it has another name", async () => {
    vertex.images.push(`${host}/models/other`, "v1", { ...fakeImage(), digest: image.digest, root: image.root });
    await finished(await remove(image, "?force=true"));
    expect(existsSync(image.root)).toBe(true);
    const other = { ...image, path: image.path.replace("/iris/", "/other/") };
    await finished(await remove(other, "?force=true"));
    expect(existsSync(image.root)).toBe(false);
  });

  it("keeps its files while work that needs them goes on", async () => {
    await vertex.files.during(async (hold) => {
      hold(image.root);
      await finished(await remove(image, "?force=true"));
      expect(existsSync(image.root)).toBe(true);
    });
    expect(existsSync(image.root)).toBe(false);
  });
});

describe("a repository", () => {
  it("has the packages of its images, each with its times", async () => {
    await pushImage("nested/name");
    await pushImage("wine");
    const { packages } = (await vertex.call("GET", `${repository}/packages`)).json;
    expect(packages).toContainEqual({
      name: `${repository}/packages/nested%2Fname`,
      createTime: expect.any(String),
      updateTime: expect.any(String),
    });
    expect((await vertex.call("GET", `${repository}/packages/wine`)).json["name"]).toBe(`${repository}/packages/wine`);
    expect((await vertex.call("GET", `${repository}/packages/none`)).status).toBe(404);
    const page = (await vertex.call("GET", `${repository}/packages?pageSize=1`)).json;
    expect([page["packages"], page["nextPageToken"]]).toEqual([[packages[0]], expect.any(String)]);
  });

  it("with immutable tags keeps tags, and the images that have one", async () => {
    const immutable = `${location}/repositories/immutable`;
    await vertex.run("POST", `${location}/repositories?repositoryId=immutable`, {
      format: "DOCKER",
      dockerConfig: { immutableTags: true },
    });
    const image = await pushImage("iris", "immutable");
    const version = `${immutable}/packages/iris/versions/${image.digest}?force=true`;
    for (const path of [version, `${immutable}/packages/iris/tags/v1`]) {
      expect((await vertex.call("DELETE", path)).json["error"]).toMatchObject({ status: "FAILED_PRECONDITION" });
    }
    await vertex.run("DELETE", immutable);
    expect(existsSync(image.root)).toBe(false);
  });
});
