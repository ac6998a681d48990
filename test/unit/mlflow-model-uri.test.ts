import { describe, expect, it } from "vitest";
import { parseModelUri } from "../../src/mlflow/model-uri.js";
import { maskCredentials, withoutCredentials } from "../../src/mlflow/printable-uri.js";
import { safePath } from "../../src/mlflow/safe-path.js";

describe("parseModelUri", () => {
  it.each([
    ["runs:/abc/model", { kind: "run", runId: "abc", path: "model" }],
    ["runs:/abc/a/b/", { kind: "run", runId: "abc", path: "a/b" }],
    ["runs:/abc", { kind: "run", runId: "abc", path: null }],
    ["models:/iris/3", { kind: "version", name: "iris", version: "3", path: null }],
    ["models:/iris/3/components/x", { kind: "version", name: "iris", version: "3", path: "components/x" }],
    ["models:/iris/Latest", { kind: "stage", name: "iris", stage: null, path: null }],
    ["models:/iris/Production", { kind: "stage", name: "iris", stage: "Production", path: null }],
    ["models:/me@home@champion", { kind: "alias", name: "me@home", alias: "champion", path: null }],
    ["models:/iris@champion/sub", { kind: "alias", name: "iris", alias: "champion", path: "sub" }],
    ["models:/m-0123", { kind: "loggedModel", modelId: "m-0123" }],
    ["GS://bucket/model", { kind: "artifacts", scheme: "gs", uri: "GS://bucket/model" }],
    ["./model", { kind: "artifacts", scheme: "file", uri: "./model" }],
    ["C:\\model", { kind: "artifacts", scheme: "file", uri: "C:\\model" }],
  ])("takes %s apart", (uri, parts) => {
    expect(parseModelUri(uri)).toEqual(parts);
  });

  it.each([
    "",
    "runs:/",
    "runs:abc",
    "runs://abc/model",
    "models:/iris@",
    "models:/@x",
    "models:/a//1",
    "models://scope@databricks/n/1",
  ])("refuses %j and says which forms there are", (uri) => {
    expect(() => parseModelUri(uri)).toThrow(/is not a model URI. Known forms: runs:\/RUN_ID\/path/);
  });

  it("refuses a subpath that leaves the model", () => {
    expect(() => parseModelUri("models:/iris/1/../../secret")).toThrow(/must stay inside/);
  });
});

describe("safePath", () => {
  it.each(["MLmodel", "data/model.pkl", "100%.txt", "a b.txt", "..data/x", "data/..."])("lets %j through", (path) => {
    expect(safePath(path, "A test")).toBe(path);
  });

  it.each([
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "%2e%2e/x",
    "%252e%252e%252fx",
    "a\\b",
    "C:/x",
    "a#b",
    "a\0b",
    "a%00b",
    "a//b",
    "./a",
  ])("refuses %j", (path) => {
    expect(() => safePath(path, "A test")).toThrow(/^A test names the artifact path .* is refused/);
  });
});

describe("printable URIs", () => {
  it("have neither user nor query", () => {
    expect(withoutCredentials("https://me:p@ss@host/x?sig=abc")).toBe("https://host/x");
    expect(withoutCredentials("gs://bucket/a@b")).toBe("gs://bucket/a@b");
    expect(withoutCredentials("/models/what?")).toBe("/models/what?");
  });

  it("are masked wherever they stand in a text", () => {
    expect(maskCredentials("see https://u:p@h/x and git+https://token@g/y@v1")).toBe(
      "see https://***@h/x and git+https://***@g/y@v1",
    );
    expect(maskCredentials("https://u:sl/ash@h/x")).toBe("https://***@h/x");
    expect(maskCredentials("https://h:443/repo@v1 a@b")).toBe("https://h:443/repo@v1 a@b");
    expect(maskCredentials("https://u:p?w@h https://u:4/4@h")).toBe("https://***@h https://u:4/4@h");
    expect(maskCredentials("https://u:1:2/3@h 'https://h' u:p@h")).toBe("https://***@h 'https://h' u:p@h");
  });

  it.each([":", ":/", "://"])("are masked in one pass over a long text of %j", (part) => {
    const text = `a://${part.repeat(150_000)}`;
    expect(maskCredentials(text)).toBe(text);
  });
});
