import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sampledShapley } from "../../src/emulator/vertex/explain/sampled-shapley.js";
import {
  container,
  dedicatedResources,
  location,
  type Json,
  startVertex,
  type VertexFixture,
} from "./emulator-vertex-fixture.js";

let vertex: VertexFixture;
let model: string;

const shapley = (pathCount: unknown) => ({ sampledShapleyAttribution: { pathCount } });
const spec = (inputs: Json, more: Json = {}, pathCount = 10): Json => ({
  parameters: { ...shapley(pathCount), ...(more["parameters"] as Json | undefined) },
  metadata: { inputs, outputs: (more["outputs"] as Json | undefined) ?? { y: {} } },
});

beforeAll(async () => {
  vertex = await startVertex();
  model = await vertex.upload();
});
afterAll(() => vertex.stop());

async function deployed(explanationSpec: Json | undefined, deployedModel: Json = {}, of = model): Promise<string> {
  const endpoint = await vertex.createEndpoint();
  const done = await vertex.deploy(endpoint, of, {
    deployedModel: { id: "1", ...(explanationSpec && { explanationSpec }), ...deployedModel },
  });
  if (done.error) throw new Error(JSON.stringify(done.error));
  return endpoint;
}

const explain = async (endpoint: string, reply: string, instances: unknown[], more: Json = {}): Promise<Json> =>
  (await vertex.call("POST", `${endpoint}:explain`, { instances, parameters: { reply }, ...more })).json;
const attributions = async (...given: Parameters<typeof explain>): Promise<Json[]> => {
  const json = await explain(...given);
  if (json["error"]) throw new Error(JSON.stringify(json["error"]));
  return (json["explanations"] as Json[]).flatMap((each) => each["attributions"] as Json[]);
};

describe("an explanation", () => {
  it("says what each feature adds to the prediction of the baseline, for each instance", async () => {
    const endpoint = await deployed(spec({ a: {}, b: {}, c: {} }));
    const json = await explain(endpoint, "linear", [
      { a: 10, b: 1, c: 2 },
      { a: 0, b: -1, c: 0 },
    ]);
    expect(json).toEqual({
      predictions: [22, -2],
      deployedModelId: "1",
      explanations: [
        {
          attributions: [
            {
              baselineOutputValue: 1,
              instanceOutputValue: 22,
              featureAttributions: { a: 20, b: 3, c: -2 },
              outputName: "y",
            },
          ],
        },
        {
          attributions: [
            {
              baselineOutputValue: 1,
              instanceOutputValue: -2,
              featureAttributions: { a: 0, b: -3, c: 0 },
              outputName: "y",
            },
          ],
        },
      ],
    });
  });

  it("leaves features that the metadata do not name as they are", async () => {
    const endpoint = await deployed(spec({ a: {} }));
    const [first] = await attributions(endpoint, "linear", [{ a: 10, b: 1 }]);
    expect(first).toMatchObject({ baselineOutputValue: 4, featureAttributions: { a: 20 } });
  });

  it("starts from the baselines that are given, the average of several", async () => {
    const endpoint = await deployed(spec({ a: { inputBaselines: [5, 7] }, b: { inputBaselines: [2] } }));
    const [first] = await attributions(endpoint, "linear", [{ a: 10, b: 1 }]);
    expect(first).toMatchObject({ baselineOutputValue: 19, featureAttributions: { a: 8, b: -3 } });
  });

  it("of a list is a list, and by name where its elements have names", async () => {
    const list = await deployed(spec({ row: { inputBaselines: [1] } }));
    expect((await attributions(list, "linear", [[10, 1, 2]]))[0]).toMatchObject({
      featureAttributions: { row: [18, 0, -1] },
    });
    const names = ["sepal", "petal", "stem"];
    const named = await deployed(spec({ row: { indexFeatureMapping: names, encoding: "BAG_OF_FEATURES" } }));
    expect((await attributions(named, "linear", [[10, 1, 2]]))[0]).toMatchObject({
      featureAttributions: { sepal: 20, petal: 3, stem: -2 },
    });
    expect((await explain(named, "linear", [[10, 1]]))["error"]).toMatchObject({ status: "INVALID_ARGUMENT" });
  });

  it("of a group is one number", async () => {
    const endpoint = await deployed(spec({ a: { groupName: "both" }, b: { groupName: "both" }, c: {} }));
    const [first] = await attributions(endpoint, "linear", [{ a: 10, b: 1, c: 2 }]);
    expect(first!["featureAttributions"]).toEqual({ both: 23, c: -2 });
  });

  it("of features that work together adds up, and tells how rough it is", async () => {
    const endpoint = await deployed(spec({ a: {}, b: {} }, {}, 50));
    const [first] = await attributions(endpoint, "product", [{ a: 3, b: 4 }]);
    const { a, b } = first!["featureAttributions"] as { a: number; b: number };
    expect(a + b).toBeCloseTo(12);
    // each is first in half of the orders: 50 tosses of a coin give 9 heads or fewer once in 10^5
    expect(Math.min(a, b)).toBeGreaterThan(2);
    expect(first!["approximationError"]).toBeGreaterThan(0);
    expect(first).not.toHaveProperty("baselineOutputValue");
  });

  it("of a baseline that is text needs that text", async () => {
    const given = await deployed(spec({ text: { inputBaselines: [""] } }));
    expect((await attributions(given, "length", [{ text: "iris" }]))[0]).toMatchObject({
      featureAttributions: { text: 4 },
    });
    const none = await deployed(spec({ text: {} }));
    expect((await explain(none, "length", [{ text: "iris" }]))["error"]).toMatchObject({ code: 501 });
  });

  it("of many outputs is about the largest, the largest k, or those that are asked for", async () => {
    const outputs = { scores: { displayNameMappingKey: "names" } };
    const endpoint = await deployed(spec({ a: {}, b: {} }, { outputs }));
    const instance = { a: 3, b: 1 };
    const about = async (parameters?: Json) =>
      (
        await attributions(endpoint, "scores", [instance], {
          explanationSpecOverride: parameters && { parameters },
        })
      ).map((each) => [each["outputIndex"], each["outputDisplayName"], each["featureAttributions"]]);
    const [x, y, z] = [
      [[0], "x", { a: 3, b: 0 }],
      [[1], "y", { a: 0, b: 10 }],
      [[2], "z", { a: 3, b: 1 }],
    ];
    expect(await about()).toEqual([y]);
    expect(await about({ topK: 2 })).toEqual([y, z]);
    expect(await about({ topK: -1 })).toEqual([y, z, x]);
    expect(await about({ outputIndices: [0, 2] })).toEqual([x, z]);
    await expect(about({ outputIndices: [3] })).rejects.toThrow("INVALID_ARGUMENT");
    await expect(about({ topK: -2 })).rejects.toThrow("INVALID_ARGUMENT");
  });

  it("fails where the prediction can't be explained, or the instance does not fit the metadata", async () => {
    const endpoint = await deployed(spec({ a: {} }));
    for (const reply of ["words", "nothing", "error"]) {
      expect((await explain(endpoint, reply, [{ a: 1 }]))["error"]).toMatchObject({
        status: "FAILED_PRECONDITION",
        message: expect.stringMatching(/^Prediction failed: /),
      });
    }
    expect((await explain(endpoint, "linear", [{ b: 1 }]))["error"]).toMatchObject({ status: "INVALID_ARGUMENT" });
    expect((await explain(endpoint, "pid", [{ a: { deep: 1 } }]))["error"]).toMatchObject({ code: 501 });
    expect((await vertex.call("POST", `${endpoint}:explain`, {})).json["error"]).toMatchObject({ code: 400 });
  });

  it("takes other baselines for one request, of inputs that there are", async () => {
    const endpoint = await deployed(spec({ a: {}, b: {} }));
    const override = (inputs: Json) => ({ explanationSpecOverride: { metadata: { inputs } } });
    const [first] = await attributions(endpoint, "linear", [{ a: 10, b: 1 }], override({ a: { inputBaselines: [9] } }));
    expect(first!["featureAttributions"]).toEqual({ a: 2, b: 3 });
    const unknown = await explain(endpoint, "linear", [{ a: 1, b: 1 }], override({ z: { inputBaselines: [9] } }));
    expect(unknown["error"]).toMatchObject({ status: "INVALID_ARGUMENT" });
    const examples = await explain(endpoint, "linear", [{ a: 1, b: 1 }], {
      explanationSpecOverride: { examplesOverride: { neighborCount: 1 } },
    });
    expect(examples["error"]).toMatchObject({ code: 501 });
  });
});

describe("which model explains", () => {
  it("needs a DeployedModel with an explanation spec, all of them where the request names none", async () => {
    const endpoint = await deployed(undefined);
    const refusal = {
      code: 400,
      status: "FAILED_PRECONDITION",
      message: "Deployed model 1 does not support explanation.",
    };
    expect((await explain(endpoint, "linear", [{ a: 1 }]))["error"]).toEqual(refusal);
    await vertex.deploy(endpoint, model, {
      deployedModel: { id: "2", explanationSpec: spec({ a: {} }) },
      trafficSplit: { "0": 100 },
    });
    expect((await explain(endpoint, "linear", [{ a: 1 }]))["error"]).toEqual(refusal);
    expect(await explain(endpoint, "linear", [{ a: 1 }], { deployedModelId: "2" })).toMatchObject({
      deployedModelId: "2",
    });
    expect((await explain(endpoint, "linear", [{ a: 1 }], { deployedModelId: "3" }))["error"]).toMatchObject({
      code: 404,
    });
  });

  it("is refused on a dedicated endpoint, at its own host too", async () => {
    const endpoint = await vertex.createEndpoint({ dedicatedEndpointEnabled: true });
    await vertex.deploy(endpoint, model, { deployedModel: { explanationSpec: spec({ a: {} }) } });
    const { dedicatedEndpointDns } = (await vertex.call("GET", endpoint)).json;
    for (const host of [vertex.url, `http://${dedicatedEndpointDns}`]) {
      const response = await fetch(`${host}/v1/${endpoint}:explain`, { method: "POST", body: '{"instances": [1]}' });
      expect(((await response.json()) as Json)["error"]).toMatchObject({ code: 400, status: "FAILED_PRECONDITION" });
    }
  });
});

describe("an explanation spec", () => {
  it("is kept with the model, and each field of the deploy request's takes the place of the model's", async () => {
    const ofModel = spec({ a: { inputBaselines: [1] } });
    const explained = await vertex.upload({ explanationSpec: ofModel });
    expect((await vertex.call("GET", explained)).json["explanationSpec"]).toEqual(ofModel);
    const specOf = async (endpoint: string) =>
      (await vertex.call("GET", endpoint)).json["deployedModels"][0].explanationSpec as Json;
    expect(await specOf(await deployed(undefined, {}, explained))).toEqual(ofModel);
    const parameters = shapley(50);
    expect(await specOf(await deployed({ parameters }, {}, explained))).toEqual({
      parameters,
      metadata: ofModel["metadata"],
    });
    const disabled = await deployed(undefined, { disableExplanations: true }, explained);
    expect((await explain(disabled, "linear", [{ a: 1 }]))["error"]).toMatchObject({
      message: "Deployed model 1 does not support explanation.",
    });
  });

  const { metadata } = spec({ a: {} });
  const parameters = shapley(10);
  const wrong: [what: string, spec: Json, code: number, said: string][] = [
    ["metadata alone", { metadata }, 400, "parameters; Message: Required"],
    ["parameters alone", { parameters }, 400, "metadata; Message: Required"],
    ["no method", { parameters: { topK: 1 }, metadata }, 400, "attribution method"],
    ["no path count", { parameters: { sampledShapleyAttribution: {} }, metadata }, 400, "path_count"],
    ["51 paths", { parameters: shapley(51), metadata }, 400, "path_count"],
    ["no inputs", { parameters, metadata: { outputs: { y: {} } } }, 400, "inputs"],
    ["two outputs", { parameters, metadata: { ...metadata, outputs: { y: {}, z: {} } } }, 400, "outputs"],
    [
      "an unknown modality",
      { parameters, metadata: { ...metadata, inputs: { a: { modality: "text" } } } },
      400,
      "modality",
    ],
    [
      "a bag of features without their names",
      { parameters, metadata: { ...metadata, inputs: { a: { encoding: "BAG_OF_FEATURES" } } } },
      400,
      "index_feature_mapping",
    ],
    [
      "integrated gradients",
      { parameters: { integratedGradientsAttribution: { stepCount: 5 } }, metadata },
      501,
      "integrated",
    ],
    ["xrai", { parameters: { xraiAttribution: { stepCount: 5 } }, metadata }, 501, "xrai"],
    ["examples", { parameters: { examples: { neighborCount: 5 } }, metadata }, 501, "examples"],
  ];

  it.each(wrong)("with %s is refused, at the upload and at the deploy", async (_what, explanationSpec, code, said) => {
    const uploaded = await vertex.call("POST", `${location}/models:upload`, {
      model: { displayName: "iris", containerSpec: container(), explanationSpec },
    });
    expect(uploaded.json["error"]).toMatchObject({ code, message: expect.stringContaining(said) });
    const endpoint = await vertex.createEndpoint();
    const { json } = await vertex.call("POST", `${endpoint}:deployModel`, {
      deployedModel: { model, dedicatedResources, explanationSpec },
    });
    expect(json["error"]).toMatchObject({ code, message: expect.stringContaining(said) });
  });
});

describe("sampled Shapley values", () => {
  it("are near the exact ones of a game of three", async () => {
    // 1 and 2 are worth 12 together, and 3 is worth 6 with either of them
    const worth = ([one, two, three]: readonly boolean[]) => (one && two ? 12 : 0) + (three && (one || two) ? 6 : 0);
    const [game] = await sampledShapley(3, 2000, async (coalitions) => coalitions.map((each) => [worth(each)]));
    expect(game!.none).toBe(0);
    expect(game!.attributions.reduce((sum, each) => sum + each)).toBeCloseTo(18);
    // exact: 1 and 2 have 7 each, 3 has 4
    for (const [player, exact] of [7, 7, 4].entries()) {
      expect(Math.abs(game!.attributions[player]! - exact)).toBeLessThan(1);
    }
    expect(game!.error).toBeLessThan(0.05);
  });

  it("ask for each coalition once, however many paths go through it", async () => {
    let asked = 0;
    await sampledShapley(2, 50, async (coalitions) => {
      asked += coalitions.length;
      return coalitions.map(() => [0]);
    });
    expect(asked).toBeLessThanOrEqual(4);
  });

  it("of one path tell nothing about their error", async () => {
    const [game] = await sampledShapley(2, 1, async (coalitions) => coalitions.map(() => [1]));
    expect(game).toEqual({ none: 1, attributions: [0, 0], error: undefined });
  });
});
