import type { ModelMetadata, ResolvedModel } from "../../src/core/model.js";

/** A resolved model without files, as a bundle is made from. */
export function resolvedModel(
  requirements: string,
  metadata: Partial<ModelMetadata> = {},
  files: ResolvedModel["files"] = [],
): ResolvedModel {
  return {
    source: {
      uri: "models:/iris/1",
      artifactUri: "mlflow-artifacts:/1/models/m-1/artifacts",
      runId: null,
      modelId: null,
      registeredModel: null,
    },
    metadata: {
      flavors: { python_function: {} },
      signature: null,
      pythonVersion: "3.11.7",
      mlflowVersion: "3.17.2",
      modelId: null,
      runId: null,
      inputExample: null,
      ...metadata,
    },
    requirements,
    files,
  };
}
