import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import { testPython } from "../support/python.js";

const script = fileURLToPath(new URL("../../examples/deploy.sh", import.meta.url));

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ python: testPython() });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
});

afterAll(() => emulator.stop());

async function run(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn("bash", [script], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

describe("the article's way, a script whose settings are all in the environment", () => {
  it("deploys the model of a run under the names that it gives", async () => {
    const { code, output } = await run({
      AIPLATFORM_EMULATOR_HOST: emulator.host,
      project_id: "acme",
      production_bucket: "acme-models",
      production_route: "production/iris",
      run_id: inject("runId"),
      tracking_uri: inject("trackingUri"),
      model_name: "iris_model",
      version_name: "v_1",
    });
    expect({ code, output }).toMatchObject({ code: 0 });

    const client = getDeployClient("aiplatform:/acme", {
      config: { productionBucket: "acme-models", productionRoute: "production/iris", emulatorHost: emulator.host },
    });
    const deployment = await client.getDeployment({ name: "iris_model" });
    expect(deployment).toMatchObject({ state: "ready", model: { source: `runs:/${inject("runId")}` } });
    expect(deployment.model?.aliases).toContain("v-1");
    const { predictions } = await client.predict({ deploymentName: "iris_model", inputs: [[5.1, 3.5, 1.4, 0.2]] });
    expect(predictions).toEqual(["setosa"]);
  });

  it("does so on the platform that the article is about, with one variable more", async () => {
    const { code, output } = await run({
      MLFLOW_DEPLOYMENTS_PLATFORM: "legacy",
      AIPLATFORM_EMULATOR_HOST: emulator.host,
      project_id: "acme",
      production_bucket: "acme-models",
      production_route: "production/iris",
      run_id: inject("runId"),
      tracking_uri: inject("trackingUri"),
      model_name: "iris_model",
      version_name: "v_1",
    });
    expect({ code, output }).toMatchObject({ code: 0 });

    const client = getDeployClient("aiplatform:/acme", {
      config: {
        platform: "legacy",
        productionBucket: "acme-models",
        productionRoute: "production/iris",
        emulatorHost: emulator.host,
      },
    });
    const deployment = await client.getDeployment({ name: "iris_model" });
    expect(deployment).toMatchObject({
      endpoint: { name: "projects/acme/models/iris_model" },
      model: { versionId: "v_1", source: `runs:/${inject("runId")}` },
    });
    const { predictions } = await client.predict({ deploymentName: "iris_model", inputs: [[5.1, 3.5, 1.4, 0.2]] });
    expect(predictions).toEqual(["setosa"]);
  });
});
