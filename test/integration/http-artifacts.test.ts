import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, inject, it } from "vitest";

import { modelHash } from "../../src/core/model-files.js";
import type { ResolvedModel } from "../../src/core/model.js";
import { MlflowModelResolver } from "../../src/mlflow/model-resolver.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mlflow-http-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function resolve(modelUri: string, trackingUri?: string): Promise<ResolvedModel> {
  const resolver = new MlflowModelResolver({ trackingUri, env: {} });
  await rm(directory, { recursive: true });
  return resolver.resolve({ modelUri, directory }, { report: () => {} });
}

it("the URL of a real MLflow server's artifacts gives the same model, with a tracking server and without", async () => {
  const model = await resolve(`models:/iris/${inject("modelVersion")}`, inject("trackingUri"));
  const path = model.source.artifactUri.replace(/^mlflow-artifacts:/, "");
  const url = `${inject("trackingUri")}/api/2.0/mlflow-artifacts/artifacts${path}`;
  for (const trackingUri of [inject("trackingUri"), "http://127.0.0.1:9", undefined]) {
    const same = await resolve(url, trackingUri);
    expect(same.source.artifactUri).toBe(url);
    expect(modelHash(same)).toBe(modelHash(model));
  }
});
