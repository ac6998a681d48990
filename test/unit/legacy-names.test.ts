import { describe, expect, it } from "vitest";

import { DeploymentError } from "../../src/core/errors.js";
import { formatDescription, parseDescription } from "../../src/targets/aiplatform/legacy/model-description.js";
import { deployedModelId, legacyNames, modelId, unnamedVersion } from "../../src/targets/aiplatform/legacy/names.js";

const legal = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

describe("the model's name on the legacy platform", () => {
  it.each(["iris_model", "Iris", "a", "x".repeat(128)])("is the name itself where that is legal: %s", (name) => {
    expect(modelId(name)).toBe(name);
  });

  it.each([
    ["iris model", /^iris_model_[0-9a-f]{8}$/],
    ["iris-model", /^iris_model_[0-9a-f]{8}$/],
    ["1iris", /^model_1iris_[0-9a-f]{8}$/],
    ["Größe", /^Gro_e_[0-9a-f]{8}$/],
    ["花", /^model_[0-9a-f]{8}$/],
    ["x".repeat(129), /^x{119}_[0-9a-f]{8}$/],
  ])("of %s is made legal, with a hash of the exact name", (name, expected) => {
    expect(modelId(name)).toMatch(expected);
    expect(modelId(name)).toMatch(legal);
  });

  it("differs for names that have the same legal characters", () => {
    expect(modelId("iris model")).not.toBe(modelId("iris-model"));
  });

  it("is that of the setting modelName, whatever the deployment is called", () => {
    expect(legacyNames("iris_model").endpointId("tester")).toBe("iris_model");
    expect(legacyNames(undefined).endpointId("tester")).toBe("tester");
  });
});

describe("the version's name", () => {
  const versionAlias = (name: string) => legacyNames(undefined).versionAlias(name);

  it.each([
    ["v_1", "v_1"],
    ["1", "v_1"],
    ["1.0.3", "v_1_0_3"],
    ["spring release", "spring_release"],
  ])("of %s is %s", (name, alias) => {
    expect(versionAlias(name)).toBe(alias);
  });

  it.each(["-", "花", "x".repeat(129)])("cannot be made of %s", (name) => {
    expect(() => versionAlias(name)).toThrow(DeploymentError);
  });

  it("is one of the spec's own where nobody gave one", () => {
    expect(unnamedVersion("5".repeat(64))).toBe(`v_${"5".repeat(16)}`);
  });
});

describe("the id of what serves", () => {
  it("is the same from the spec's hash and from the label that holds its beginning", () => {
    const hash = "0123456789abcdef".repeat(4);
    expect(legacyNames(undefined).deployedModelId("tester", hash, 3)).toBe(deployedModelId(hash.slice(0, 40)));
  });
});

describe("a model's description", () => {
  it.each([
    { deploymentName: "tester", text: null },
    { deploymentName: 'A "quoted" name\\', text: "Irises.\n\nOf three kinds." },
    { deploymentName: null, text: "somebody's own" },
    { deploymentName: null, text: null },
  ])("keeps $deploymentName and $text", (description) => {
    expect(parseDescription(formatDescription(description))).toEqual(description);
  });

  it("that somebody has written is no deployment's", () => {
    expect(parseDescription('MLflow deployment: "x" and more')).toMatchObject({ deploymentName: null });
    expect(parseDescription('MLflow deployment: "broken\\"')).toMatchObject({ deploymentName: null });
  });
});
