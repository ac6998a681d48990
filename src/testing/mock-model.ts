import type { ResolvedModel } from "../core/model.js";

/** A small scikit-learn model, as a resolver gives it: without a signature, so that it takes any rows. Its one file does not exist. */
export function mockModel(uri: string): ResolvedModel {
  return {
    source: {
      uri,
      artifactUri: "mlflow-artifacts:/0/models/m-1/artifacts",
      runId: "0123456789abcdef0123456789abcdef",
      modelId: "m-1",
      registeredModel: null,
    },
    metadata: {
      flavors: { python_function: { loader_module: "mlflow.sklearn" }, sklearn: {} },
      signature: null,
      pythonVersion: "3.11.7",
      mlflowVersion: "3.17.2",
      modelId: "m-1",
      runId: "0123456789abcdef0123456789abcdef",
      inputExample: null,
    },
    requirements: "mlflow==3.17.2\nscikit-learn==1.9.1\n",
    files: [{ path: "MLmodel", size: 3, sha256: "a".repeat(64), crc32c: "AAAAAA==", localPath: "/nowhere/MLmodel" }],
  };
}
