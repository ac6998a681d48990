import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";
import { getDeployClient } from "../../src/index.js";
import { testPython } from "../support/python.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const script = fileURLToPath(new URL("../gcp/main-path.ts", import.meta.url));

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ python: testPython() });
  await emulator.createBucket("acme-models", { location: "us-central1", project: "acme" });
});

afterAll(() => emulator.stop());

function run(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const { AIPLATFORM_EMULATOR_HOST: _, ...inherited } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", script],
      { cwd: root, env: { ...inherited, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr }),
    );
  });
}

describe("npm run test:gcp", () => {
  const asked = { MLFLOW_DEPLOYMENTS_GCP_TEST: "1", GOOGLE_CLOUD_PROJECT: "acme", production_bucket: "acme-models" };

  it.each([
    ["it is not asked for", {}, /costs money.*MLFLOW_DEPLOYMENTS_GCP_TEST=1/],
    ["no bucket is named", { ...asked, production_bucket: "" }, /Set GOOGLE_CLOUD_PROJECT and production_bucket/],
    ["an emulator is set", { ...asked, AIPLATFORM_EMULATOR_HOST: "127.0.0.1:1" }, /would not reach Google Cloud/],
    ["nobody agrees", asked, /an endpoint .* n1-standard-2[^]*no terminal to ask/],
  ])("makes nothing when %s", async (_case, env, message) => {
    const { code, output } = await run(env);
    expect(output).toMatch(message);
    expect(code).toBe(2);
  });

  it("runs the main job, cleans up, and writes down every request and answer without a secret", async () => {
    const { code, output } = await run({
      ...asked,
      MLFLOW_DEPLOYMENTS_GCP_TEST_YES: "1",
      MLFLOW_DEPLOYMENTS_GCP_TEST_EMULATOR: "1",
      AIPLATFORM_EMULATOR_HOST: emulator.host,
      MODEL_URI: "models:/iris@champion",
      MLFLOW_TRACKING_URI: inject("trackingUri"),
    });
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/unchanged[^]*passed/) as string });
    const client = getDeployClient("aiplatform:/acme", { config: { emulatorHost: emulator.host } });
    expect(await client.listDeployments()).toEqual([]);

    const file = root + /\.test-output\/gcp\/\S+\.jsonl/.exec(output)![0];
    const text = await readFile(file, "utf8");
    await rm(file);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { method: string; url: string; status: number; answer: unknown });
    const seen = (method: string, url: RegExp) => lines.filter((line) => line.method === method && url.test(line.url));
    expect(seen("POST", /models:upload$/)).toMatchObject([
      { status: 200, answer: { name: expect.stringContaining("operations/") as string } },
    ]);
    const deployed = { deployedModel: { displayName: expect.stringMatching(/^test-gcp-/) as string } };
    expect(seen("POST", /:deployModel$/)).toMatchObject([
      { status: 200, body: deployed },
      { status: 200, body: deployed },
    ]);
    const predictions = seen("POST", /:predict$/);
    expect(predictions.length).toBeGreaterThan(1);
    for (const { answer } of predictions) {
      expect(answer).toMatchObject({ predictions: ["setosa", "versicolor", "virginica"] });
    }
    expect(seen("DELETE", /\/endpoints\//)).toHaveLength(1);
    expect(text).not.toMatch(/authorization|bearer/i);
  });
});
