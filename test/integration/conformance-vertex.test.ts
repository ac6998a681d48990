import * as vitest from "vitest";

import { allCapabilities } from "../../src/core/capabilities.js";
import { type AiPlatformConfig, getDeployClient, runLocal } from "../../src/index.js";
import { describeTarget } from "../../src/testing/index.js";
import { setUpConformance } from "../support/conformance-setup.js";
import { testPython } from "../support/python.js";

const { config, withModels, saveRows } = setUpConformance("vertex");
vitest.beforeAll(saveRows);

/** The rows as the explanation's metadata addresses them. */
const explained = {
  inputs: { row: { encoding: "BAG_OF_FEATURES" as const, indexFeatureMapping: ["a", "b", "c"] } },
  outputs: { sum: {} },
};

describeTarget<AiPlatformConfig>(
  withModels({
    name: "aiplatform, on Vertex AI",
    createClient: () => getDeployClient("aiplatform", { config: config() }),
    runLocal: (options) => runLocal("aiplatform", { ...options, config: { ...options.config, python: testPython() } }),
    capabilities: allCapabilities,
    badInputs: [[1, 2]],
    otherConfig: { machineType: "n1-standard-4" },
    inPlaceConfig: { minReplicaCount: 2, maxReplicaCount: 3, labels: { team: "x" } },
    streamConfig: { endpointType: "dedicated" },
    streamParts: [6, 4.25],
    batch: { input: "gs://acme-models/rows.jsonl", output: "gs://acme-models/predicted" },
    explainConfig: {
      explanationParameters: { sampledShapleyAttribution: { pathCount: 5 } },
      explanationMetadata: explained,
    },
  }),
  vitest,
);
