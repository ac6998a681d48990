import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ImageRegistry, parseImageUri, registryUri } from "../../src/emulator/images.js";
import { StateStore } from "../../src/emulator/state.js";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = (digit: string) => ({
  digest: digest(digit),
  sizeBytes: 1,
  root: "/image",
  python: "python",
  pythonPath: [],
  workdir: "/image",
  command: ["python"],
  env: {},
});

describe("an image's address", () => {
  const host = "europe-west1-docker.pkg.dev";

  it.each([
    [`${host}/acme/models/iris:v1`, { project: "acme", repository: "models", image: "iris", tag: "v1" }],
    [`${host}/acme/models/a/b@${digest("0")}`, { project: "acme", image: "a/b", tag: undefined, digest: digest("0") }],
    [`${host}/example.com/acme/models/iris`, { project: "example.com:acme", repository: "models", image: "iris" }],
  ])("%s has its parts", (uri, parts) => {
    const parsed = parseImageUri(uri)!;
    expect(parsed).toMatchObject({ location: "europe-west1", ...parts });
    expect(uri.startsWith(`${registryUri(parsed)}/`)).toBe(true);
  });

  it.each([
    "iris:v1",
    `${host}/acme/iris`,
    "gcr.io/acme/iris",
    `${host}/acme/models/Iris`,
    `${host}/acme/models/iris:`,
  ])("%s is none", (uri) => {
    expect(parseImageUri(uri)).toBeUndefined();
  });
});

describe("the images that were pushed", () => {
  const name = "us-docker.pkg.dev/acme/models/iris";
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "emulator-images-"));
  });

  afterAll(() => rm(directory, { recursive: true }));

  it("are found by tag and digest, and a tag moves to what was pushed last", async () => {
    const state = await StateStore.open(directory);
    const images = new ImageRegistry(state);
    images.push(name, "v1", image("1"));
    images.push(name, "latest", image("1"));
    images.push(name, "v1", image("2"));
    expect(images.find(`${name}:v1`)?.digest).toBe(digest("2"));
    expect(images.find(name)?.digest).toBe(digest("1"));
    expect(images.find(`${name}@${digest("1")}`)).toMatchObject({ tags: ["latest"] });
    expect(images.find(`${name}:v2`)).toBeUndefined();
    await state.close();
    const again = new ImageRegistry(await StateStore.open(directory));
    expect(again.find(`${name}:v1`)?.digest).toBe(digest("2"));
    for (const each of again.inRepository("us-docker.pkg.dev/acme/models")) again.delete(each);
    expect(again.find(`${name}:v1`)).toBeUndefined();
  });
});
