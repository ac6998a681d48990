import { describe, expect, it } from "vitest";

import { type AiPlatformConfig, getDeployClient, type ProgressEvent, runLocal } from "../../src/index.js";
import { mockPlatform } from "../../src/testing/index.js";

const config: AiPlatformConfig = { platform: "legacy", projectId: "acme", productionBucket: "acme-models" };
const request = { name: "tester", modelUri: "models:/iris/1" };

function client() {
  const platform = mockPlatform();
  return { platform, client: getDeployClient("aiplatform", { services: platform.services, config }) };
}

describe("the legacy platform", () => {
  // the first test of this file, because it is said once
  it("says once a process that Google has ended it", async () => {
    const events: ProgressEvent[] = [];
    const options = { ...request, onProgress: (event: ProgressEvent) => events.push(event) };
    await client().client.createDeployment(options);
    await client().client.createDeployment(options);
    const warnings = events.filter((event) => event.type === "warning" && /ended by Google/.test(event.message));
    expect(warnings).toHaveLength(1);
  });

  it("is told where the model is, as the article's predictor needs it", async () => {
    const { platform, client: legacy } = client();
    await legacy.createDeployment(request);
    const [bundle] = platform.recorder.callsOf("bundleBuilder", "build");
    const { prefix } = platform.recorder.callsOf("uploader", "upload")[0]!.args[0] as { prefix: string };
    expect(bundle?.args[0]).toMatchObject({ modelArtifactUri: `gs://acme-models/${prefix}` });
  });

  it("makes the model for the deployment, whose name and labels it keeps", async () => {
    const { platform, client: legacy } = client();
    await legacy.createDeployment({ ...request, config: { modelName: "iris_model", endpointDescription: "Irises" } });
    expect(platform.recorder.callsOf("modelManager", "ensure")[0]?.args).toMatchObject([
      "iris_model",
      { deploymentName: "tester", labels: { "managed-by": "mlflow-deployments" }, description: "Irises" },
    ]);
    expect(platform.endpoints.endpoints.has("iris_model")).toBe(true);
  });

  it("has what it declares, and refuses all else by name", async () => {
    const { client: legacy } = client();
    expect(await legacy.capabilities()).toEqual(["logs", "diagnose", "background"]);
    const refused = {
      code: "NOT_IMPLEMENTED",
      message: expect.stringContaining('The platform "legacy" of the target aiplatform does not have'),
    };
    const stream = async () => {
      for await (const part of legacy.predictStream({ deploymentName: "tester", inputs: [1] })) expect(part).toBeNull();
    };
    for (const call of [
      () => legacy.createEndpoint({ name: "e" }),
      () => legacy.updateEndpoint({ endpoint: "e" }),
      () => legacy.deleteEndpoint({ endpoint: "e" }),
      () => legacy.listEndpoints(),
      () => legacy.getEndpoint({ endpoint: "e" }),
      () => legacy.explain({ deploymentName: "tester", inputs: [1] }),
      () => legacy.planDeployment(request),
      () => legacy.planPrune(),
      () => legacy.prune([]),
      () => legacy.createDeployment({ ...request, endpoint: "e" }),
      () => legacy.predict({ endpoint: "e", inputs: [1] }),
      () => runLocal("aiplatform", { ...request, config: { platform: "legacy" } }),
      stream,
    ]) {
      await expect(call()).rejects.toMatchObject(refused);
    }
  });

  it("says of a prediction to both a deployment and an endpoint that it is wrong, as any platform does", async () => {
    const { client: legacy } = client();
    const both = legacy.predict({ deploymentName: "tester", endpoint: "e", inputs: [1] });
    await expect(both).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });

  it("has all of it on Vertex AI", async () => {
    const { client: legacy } = client();
    await expect(legacy.listEndpoints({ config: { platform: "vertex" } })).resolves.toEqual([]);
  });
});
