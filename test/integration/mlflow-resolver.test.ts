import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { sha256 } from "../../src/core/hash.js";
import { localFiles } from "../../src/core/model-files.js";
import type { ResolvedModel } from "../../src/core/model.js";
import { MlflowModelResolver } from "../../src/mlflow/model-resolver.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mlflow-resolver-"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function resolve(modelUri: string, flavor?: string): Promise<ResolvedModel> {
  const resolver = new MlflowModelResolver({ trackingUri: inject("trackingUri") });
  return resolver.resolve({ modelUri, flavor, directory }, { report: () => {} });
}

describe("the iris model of a real MLflow server", () => {
  it.each([
    ["a run's only model", () => `runs:/${inject("runId")}`],
    ["a run and the model's name", () => `runs:/${inject("runId")}/model`],
    ["a version", () => `models:/iris/${inject("modelVersion")}`],
    ["an alias", () => "models:/iris@champion"],
    ["the latest version", () => "models:/iris/latest"],
    ["the logged model's id", () => `models:/${inject("modelId")}`],
  ])("is found by %s, with what its MLmodel says", async (_form, uri) => {
    const model = await resolve(uri(), "sklearn");
    expect(model.source).toMatchObject({
      artifactUri: expect.stringMatching(/^mlflow-artifacts:\//),
      runId: inject("runId"),
      modelId: inject("modelId"),
    });
    expect(model.metadata.pythonVersion).toMatch(/^3\.\d+\.\d+$/);
    expect(model.metadata.mlflowVersion).toMatch(/^3\./);
    expect(model.metadata.signature?.inputs).toHaveLength(4);
    expect(model.requirements).toMatch(/^scikit-learn==/m);
  });

  it("comes to this machine as it is in the store", async () => {
    const model = await resolve(`models:/iris/${inject("modelVersion")}`);
    const { files, metadata } = model;
    const paths = files.map(({ path }) => path);
    expect(files.filter(({ localPath }) => localPath === null).length).toBeGreaterThan(0);
    expect(paths).toEqual(expect.arrayContaining(["MLmodel", "requirements.txt", metadata.inputExample]));
    for (const file of await localFiles(model, files, { report: () => {} })) {
      const bytes = await readFile(file.localPath);
      expect([file.size, file.sha256]).toEqual([bytes.length, sha256(bytes)]);
    }
  });

  it.each([
    ["runs:/00000000000000000000000000000000", "RESOURCE_DOES_NOT_EXIST"],
    ["models:/iris/999", "RESOURCE_DOES_NOT_EXIST"],
    ["models:/iris@nobody", "RESOURCE_DOES_NOT_EXIST"],
    ["models:/no-such-model/1", "RESOURCE_DOES_NOT_EXIST"],
    ["models:/m-00000000000000000000000000000000", "RESOURCE_DOES_NOT_EXIST"],
    ["mlflow-artifacts:/no/such/place", "RESOURCE_DOES_NOT_EXIST"],
  ])("is not mistaken for %s", async (uri, code) => {
    await expect(resolve(uri)).rejects.toMatchObject({ code });
  });

  it("is named as the model to take when the path in its run is wrong", async () => {
    await expect(resolve(`runs:/${inject("runId")}/modle`)).rejects.toThrow(
      `nothing is there. Models are at runs:/${inject("runId")}/model.`,
    );
  });
});
