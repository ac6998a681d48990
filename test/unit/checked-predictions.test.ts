import { beforeEach, describe, expect, it } from "vitest";

import { DeploymentError, getDeployClient, type ModelSignature } from "../../src/index.js";
import type { DeploymentServices, LogReader, ModelResolver } from "../../src/core/services.js";
import { modelTypes } from "../../src/targets/aiplatform/model-types.js";
import { type MockPlatform, mockModel, mockPlatform } from "../../src/testing/index.js";

const signature: ModelSignature = {
  inputs: [
    { name: "id", type: "long" },
    { name: "x", type: "double" },
  ],
  outputs: [{ type: "long" }],
  params: [{ name: "k", type: "long", default: 1 }],
};
const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };
const row = { id: 1, x: 0.5 };
const wrong = { id: "one", x: 0.5 };

let platform: MockPlatform;
let signatures: Record<string, ModelSignature | null>;

beforeEach(() => {
  signatures = {};
  const model = (uri: string) => {
    const { metadata, ...rest } = mockModel(uri);
    const files = [{ ...rest.files[0]!, sha256: (uri.at(-1) ?? "0").repeat(64) }];
    const last = Object.entries(signatures).find(([part]) => uri.includes(part));
    return { ...rest, files, metadata: { ...metadata, signature: last ? last[1] : signature } };
  };
  platform = mockPlatform({ model, predict: (rows) => rows.map(() => "9007199254740993") });
});

const client = (more: object = {}) =>
  getDeployClient("aiplatform", { services: platform.services, config: { ...config, ...more } });
const sent = () => platform.recorder.callsOf("predictionService", "predict").map(({ args }) => args[0]);
const reads = () => platform.recorder.callsOf("modelResolver", "describe").length;

describe("rows for a model whose signature the client knows", () => {
  it("are sent as the signature writes them, and predictions read as it says", async () => {
    const one = client();
    await one.createDeployment(request);
    const inputs = { id: BigInt64Array.of(9007199254740993n, 1n), x: [Number.NaN, 1] };
    const { predictions } = await one.predict({ deploymentName: "tester", inputs, params: { k: 2 } });
    expect(predictions).toEqual([9007199254740993n, 9007199254740993n]);
    expect(sent()).toMatchObject([
      {
        instances: [
          { id: "9007199254740993", x: "NaN" },
          { id: 1, x: 1 },
        ],
        parameters: { k: 2 },
        splittable: true,
      },
    ]);
  });

  it("are read from CSV by their columns", async () => {
    const one = client();
    await one.createDeployment(request);
    await one.predict({ deploymentName: "tester", inputs: { csv: "x,id\nNaN,9007199254740993\n" } });
    expect(sent()).toMatchObject([{ instances: [{ id: "9007199254740993", x: "NaN" }] }]);
    await expect(one.predict({ deploymentName: "tester", inputs: { csv: "x,idd\n1,2\n" } })).rejects.toThrow('"idd"');
  });

  it("are refused before anything is sent, by predict, predictStream and explain", async () => {
    const one = client({ endpointType: "dedicated" });
    await one.createDeployment(request);
    const two = client();
    await two.createDeployment({ ...request, name: "other" });
    platform.recorder.calls.length = 0;
    const refusal = { code: "INVALID_PARAMETER_VALUE", message: expect.stringMatching(/instances\[1\].*"id"/) };
    const question = { deploymentName: "tester", inputs: [row, wrong] };
    await expect(one.predict(question)).rejects.toMatchObject(refusal);
    await expect(one.predictStream(question).next()).rejects.toMatchObject(refusal);
    await expect(two.explain({ ...question, deploymentName: "other" })).rejects.toMatchObject(refusal);
    expect(platform.recorder.calls.filter(({ service }) => service === "predictionService")).toEqual([]);
  });

  it("are not checked with checkInputs: false, and then nothing is read for it", async () => {
    const one = client({ checkInputs: "false" });
    await one.createDeployment(request);
    await one.predict({ deploymentName: "tester", inputs: [wrong] });
    expect(sent()).toMatchObject([{ instances: [wrong] }]);
    expect(reads()).toBe(0);
    expect(platform.recorder.callsOf("versionManager", "get")).toEqual([]);
  });

  it("go in one request with splitRequests: false", async () => {
    const one = client();
    await one.createDeployment(request);
    await one.predict({ deploymentName: "tester", inputs: [row], config: { splitRequests: false } });
    expect(sent()).toMatchObject([{ splittable: false }]);
  });

  it("are refused by what serves now, and not by what served when the endpoint was looked at", async () => {
    const one = client();
    await one.createDeployment(request);
    await one.predict({ deploymentName: "tester", inputs: [row] });
    signatures = {
      "": {
        ...signature,
        inputs: [
          { name: "id", type: "string" },
          { name: "x", type: "double" },
        ],
      },
    };
    await client().updateDeployment({ name: "tester", modelUri: "models:/iris/2", config: { drainSeconds: 0 } });
    platform.services.clock.advance(10_000);
    await expect(one.predict({ deploymentName: "tester", inputs: [wrong] })).resolves.toBeDefined();
    expect(sent().at(-1)).toMatchObject({ instances: [wrong] });
  });
});

describe("a signature", () => {
  const wrongIsSent = async () => {
    await client().predict({ deploymentName: "tester", inputs: [wrong] });
    expect(sent().at(-1)).toMatchObject({ instances: [wrong] });
  };

  it.each([
    ["modelResolver", "describe"],
    ["versionManager", "get"],
  ])(
    "that %s.%s cannot read fails no prediction, and is asked for again only after a while",
    async (service, method) => {
      await client().createDeployment(request);
      const one = client();
      platform.recorder.failNext(service, method, new DeploymentError("PERMISSION_DENIED", "No."));
      const predict = (inputs: unknown[]) => one.predict({ deploymentName: "tester", inputs });
      await predict([wrong]);
      await predict([wrong]);
      platform.services.clock.advance(4 * 60_000);
      await predict([wrong]);
      expect(sent()).toHaveLength(3);
      platform.services.clock.advance(2 * 60_000);
      await expect(predict([wrong])).rejects.toThrow('"id"');
    },
  );

  it.each<[string, Record<string, string>]>([
    ["takes other rows than its model", { "managed-by": "mlflow-deployments", "custom-inputs": "true" }],
    ["another has made", {}],
  ])("of a version that %s is not used", async (_, labels) => {
    await client().createDeployment(request);
    platform.registry.versions[0]!.labels = labels;
    await wrongIsSent();
    expect(reads()).toBe(0);
  });

  it("that is anywhere but in a bucket is not read", async () => {
    await client().createDeployment(request);
    platform.registry.versions[0]!.artifactUri = "/etc";
    await wrongIsSent();
    expect(reads()).toBe(0);
  });

  it("of two models that share the traffic is used where it is the same, and else no rows are checked", async () => {
    for (const [name, uri] of [
      ["a", "models:/iris/1"],
      ["b", "models:/iris/2"],
    ] as const) {
      if (name === "a") await client().createEndpoint({ name: "shop" });
      await client().createDeployment({ name, modelUri: uri, endpoint: "shop" });
    }
    await client().updateEndpoint({ endpoint: "shop", config: { trafficSplit: { a: 50, b: 50 } } });
    const predict = () => client().predict({ endpoint: "shop", inputs: [wrong] });
    await expect(predict()).rejects.toThrow('"id"');
    const [, b] = platform.registry.versions;
    signatures = { [b!.artifactUri!]: { ...signature, inputs: null } };
    await expect(predict()).resolves.toBeDefined();
  });

  it("is read again for a version that was deleted and made anew under the same name", async () => {
    const one = client();
    await one.createDeployment(request);
    await one.predict({ deploymentName: "tester", inputs: [row] });
    await one.deleteDeployment({ name: "tester", config: { deleteModel: true } });
    signatures = { "": null };
    await one.createDeployment({ name: "tester", modelUri: "models:/iris/2" });
    await expect(one.predict({ deploymentName: "tester", inputs: [wrong] })).resolves.toBeDefined();
  });

  it("is read for all who wait for it, and none of them stops it for the others", async () => {
    await client().createDeployment(request);
    const one = client();
    await one.getDeployment({ name: "tester" });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { modelResolver } = platform.services;
    const describeModel = modelResolver.describe!.bind(modelResolver);
    platform.services.modelResolver = {
      ...modelResolver,
      describe: async (wanted, context) => held.then(() => describeModel(wanted, context)),
    };
    const services = platform.services;
    const waiting = getDeployClient("aiplatform", { services, config });
    const stop = new AbortController();
    const stopped = waiting.predict({ deploymentName: "tester", inputs: [row], signal: stop.signal });
    const other = waiting.predict({ deploymentName: "tester", inputs: [wrong] });
    setTimeout(() => stop.abort(), 0);
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
    release();
    await expect(other).rejects.toThrow('"id"');
    expect(reads()).toBe(1);
  });

  it("is not known to a resolver and a log reader that only have what the first ones had, and all goes on", async () => {
    const { modelResolver, logReader, batchService: _, ...rest } = platform.services;
    const resolve: ModelResolver["resolve"] = (wanted, context) => modelResolver.resolve(wanted, context);
    const oldReader: LogReader = {
      containerLog: (...query) => logReader.containerLog(...query),
      buildLog: (...query) => logReader.buildLog(...query),
    };
    const services: DeploymentServices = { ...rest, modelResolver: { resolve }, logReader: oldReader };
    const one = getDeployClient("aiplatform", { services, config });
    await one.createDeployment(request);
    await expect(one.predict({ deploymentName: "tester", inputs: [wrong] })).resolves.toBeDefined();
    const types = modelTypes({ modelUri: "models:/iris/1", modelResolver: services.modelResolver });
    await expect(types).rejects.toMatchObject({ code: "NOT_IMPLEMENTED" });
  });
});
