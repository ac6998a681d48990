import { defineConfig } from "vitest/config";

/** Later groups run when the earlier ones are through; within one, files run side by side. */
const project = (name: string, groupOrder: number, seconds: number, options: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    sequence: { groupOrder },
    ...options,
  },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", 0, 30),
      // One file after the other: each builds and packs the package.
      project("package", 1, 180, { maxWorkers: 1 }),
      // Each file of these starts Python servers, and a machine of CI has two cores.
      project("integration", 2, 180, {
        maxWorkers: 2,
        globalSetup: ["test/support/global-setup.ts"],
      }),
      // One file for each MLflow server; of its models, two are deployed at once.
      project("models", 3, 240, {
        maxWorkers: 2,
        maxConcurrency: 2,
        exclude: process.env["MLFLOW_DEPLOYMENTS_TEST_TORCH_PYTHON"] ? [] : ["test/models/pytorch.test.ts"],
      }),
      // After the integration tests, because it checks the requests that they recorded.
      project("contract", 4, 300, { maxWorkers: 2 }),
    ],
  },
});
