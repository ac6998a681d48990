import { describe, expect, it } from "vitest";

import { parseImageUri } from "../../src/targets/aiplatform/config/image-uri.js";

describe("an image in Artifact Registry", () => {
  it("is taken apart", () => {
    expect(parseImageUri("europe-west1-docker.pkg.dev/acme/images/team/iris_1:v1.2")).toEqual({
      location: "europe-west1",
      project: "acme",
      repository: "images",
      name: "team/iris_1",
      tag: "v1.2",
    });
  });

  it("may be in a project whose id has a domain, and have no tag", () => {
    expect(parseImageUri("us-docker.pkg.dev/example.com/acme/images/iris")).toEqual({
      location: "us",
      project: "example.com:acme",
      repository: "images",
      name: "iris",
      tag: null,
    });
  });

  it.each([
    "gcr.io/acme/iris",
    "europe-west1-docker.pkg.dev/acme/images",
    "europe-west1-docker.pkg.dev/acme/images/Iris",
    "europe-west1-docker.pkg.dev/acme/images/iris@sha256:00",
    "europe-west1-docker.pkg.dev/acme/images/iris:",
    "europe-west1-docker.pkg.dev/acme/images/../iris",
    "europe-west1-docker.pkg.dev/acme/images/iris --tag x",
    "example.com/europe-west1-docker.pkg.dev/acme/images/iris",
  ])("is not %s", (uri) => {
    expect(parseImageUri(uri)).toBeNull();
  });
});
