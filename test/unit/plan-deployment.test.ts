import { beforeEach, describe, expect, it } from "vitest";

import { getDeployClient } from "../../src/index.js";
import { mockModel, type MockPlatform, mockPlatform } from "../../src/testing/index.js";

const config = { projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };

let platform: MockPlatform;
beforeEach(() => {
  platform = mockPlatform({
    model: (uri) => {
      const model = mockModel(uri);
      const version = /\/(\d)$/.exec(uri)?.[1] ?? "1";
      Object.assign(model.files[0]!, { sha256: version.repeat(64), crc32c: `crc${version}` });
      return model;
    },
  });
});
const client = () => getDeployClient("aiplatform", { services: platform.services, config });
const plan = async (options: object) => {
  platform.recorder.calls.length = 0;
  const planned = await client().planDeployment(options);
  const changing =
    /\.(upload|create|deploy|undeploy|setTraffic|delete|scale|update|setLabels|write)$|imageBuilder.ensure/;
  expect(platform.recorder.methods.filter((method) => changing.test(method))).toEqual([]);
  return planned;
};
const steps = ({ steps: all }: { steps: { step: string; action: string }[] }) =>
  all.map(({ step, action }) => `${action} ${step}`);

describe("a plan", () => {
  it("of a new deployment names each step, and does nothing", async () => {
    const planned = await plan(request);
    expect(planned).toMatchObject({ name: "tester", action: "create", reason: null, differences: [] });
    expect(steps(planned)).toEqual([
      "create upload",
      "create image",
      "create version",
      "create endpoint",
      "create deploy",
      "change traffic",
    ]);
    expect(platform.endpoints.endpoints.size).toBe(0);
  });

  it("of the same deployment, finished, has nothing to do", async () => {
    await client().createDeployment(request);
    expect(await plan(request)).toMatchObject({ action: "none", steps: [] });
  });

  it("says which parts are there already", async () => {
    await client().createDeployment(request);
    expect(steps(await plan({ ...request, name: "second", config: { modelName: "second" } }))).toEqual([
      "skip upload",
      "skip image",
      "create version",
      "create endpoint",
      "create deploy",
      "change traffic",
    ]);
  });

  it("of another model is an update with what differs", async () => {
    await client().createDeployment(request);
    const planned = await plan({ name: "tester", modelUri: "models:/iris/2" });
    expect(planned).toMatchObject({ action: "update", differences: ["model: models:/iris/1 → models:/iris/2"] });
    expect(steps(planned)).toEqual([
      "create upload",
      "skip image",
      "create version",
      "create deploy",
      "change traffic",
      "delete undeploy",
    ]);
  });

  it("of settings that change in place needs no model", async () => {
    await client().createDeployment(request);
    const planned = await plan({ name: "tester", config: { minReplicaCount: 2 } });
    expect(planned).toMatchObject({ action: "update" });
    expect(planned.differences).toEqual(["maxReplicaCount: 1 → 2", "minReplicaCount: 1 → 2"]);
    expect(steps(planned)).toEqual(["change settings"]);
  });

  it.each<[object, RegExp]>([
    [{ name: "tester", config: { endpointType: "dedicated" } }, /cannot become dedicated/],
    [{ name: "other" }, /modelUri is missing/],
    [{ name: "other", modelUri: "models:/iris/1", endpoint: "nowhere" }, /no endpoint "nowhere"/],
  ])("of %j says why the call would be refused", async (options, reason) => {
    await client().createDeployment(request);
    const planned = await plan(options);
    expect(planned.action).toBe("refuse");
    expect(planned.reason).toMatch(reason);
  });
});
