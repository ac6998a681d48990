import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ResolvedModel } from "../../src/core/model.js";
import { MlflowModelResolver, type MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";

/** Resolves a model without credentials of this machine's user, and without keeping its files. */
export async function resolveModel(modelUri: string, options: MlflowModelResolverOptions): Promise<ResolvedModel> {
  const directory = await mkdtemp(join(tmpdir(), "mlflow-resolve-"));
  try {
    const resolver = new MlflowModelResolver({ env: { HOME: directory }, ...options });
    return await resolver.resolve({ modelUri, directory }, { report: () => {} });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
