import { describe, expect, it } from "vitest";

import {
  deployedModelId,
  endpointId,
  sharedEndpointId,
  labelValue,
  modelId,
  versionAlias,
} from "../../src/targets/aiplatform/vertex/names.js";

const awkward = [
  "tester",
  "Tester",
  "tester ",
  "my_model",
  "my-model",
  "1st",
  "-x",
  "日本語",
  "Größe",
  "",
  "a".repeat(200),
  "a".repeat(201),
  "../..",
  "x\n\"'$",
];

describe("ids", () => {
  it.each(awkward)("of %j are legal", (name) => {
    expect(modelId(name)).toMatch(/^[a-z_][a-z0-9_-]{0,62}$/);
    expect(endpointId(name)).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  it("never meet for names that differ, however little", () => {
    expect(new Set(awkward.map(modelId)).size).toBe(awkward.length);
    expect(new Set(awkward.map(endpointId)).size).toBe(awkward.length);
    expect(awkward.map(modelId)).not.toContain(modelId(modelId("tester")));
  });

  it("stay the same for ever, since they are identities", () => {
    expect(endpointId("tester")).toBe("tester-9bba5c53");
    expect(modelId("Größe 1")).toBe("gro-e-1-3852322f");
    expect(deployedModelId("tester", "abc", 0)).toBe("2159115465");
  });

  it("begin with a letter when the name does not", () => {
    expect(modelId("1st")).toMatch(/^model-1st-/);
    expect(endpointId("日本語")).toMatch(/^endpoint-[0-9a-f]{8}$/);
  });
});

describe("a shared endpoint's id", () => {
  it("is never that of a deployment's own endpoint, whatever the two are called", () => {
    expect(sharedEndpointId("shop")).toMatch(/^shop-[0-9a-f]{8}$/);
    expect(sharedEndpointId("shop")).not.toBe(endpointId("shop"));
  });
});

describe("a version's alias", () => {
  it.each([
    ["v-1", "v-1"],
    ["vNext1", "vNext1"],
    ["v_1", "v-1"],
    ["1", "v-1"],
    ["1.0.2", "v-1-0-2"],
    ["a", "v-a"],
    ["RC 2", "rc-2"],
    ["endsWithX", "endswithx"],
    ["_été_", "ete"],
  ])("of %j is %s", (name, alias) => {
    expect(versionAlias(name)).toBe(alias);
    expect(alias).toMatch(/^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/);
  });

  it.each(["default", "Default", "日本", "", "--", "x".repeat(129)])("is not possible of %j", (name) => {
    expect(() => versionAlias(name)).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
  });
});

describe("a deployed model's id", () => {
  it("has ten digits, the first not 0, and differs by name, spec and attempt", () => {
    const ids = ["a", "b"].flatMap((name) =>
      ["x", "y"].flatMap((spec) => [0, 1, 2].map((attempt) => deployedModelId(name, spec, attempt))),
    );
    for (const id of ids) expect(id).toMatch(/^[1-9][0-9]{9}$/);
    expect(new Set(ids).size).toBe(12);
  });
});

describe("a label's value", () => {
  it.each([
    ["Acme Team/1", "acme-team-1"],
    ["under_score", "under_score"],
    ["Größe", "gro-e"],
    ["x".repeat(70), "x".repeat(63)],
  ])("of %j is %s", (text, label) => {
    expect(labelValue(text)).toBe(label);
  });
});
