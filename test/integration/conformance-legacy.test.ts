import * as vitest from "vitest";

import { type AiPlatformConfig, getDeployClient, runLocal } from "../../src/index.js";
import { describeTarget } from "../../src/testing/index.js";
import { setUpConformance } from "../support/conformance-setup.js";

const { config, withModels } = setUpConformance("legacy");

describeTarget<AiPlatformConfig>(
  withModels({
    name: "aiplatform, on the legacy platform",
    createClient: () => getDeployClient("aiplatform", { config: config() }),
    runLocal: (options) => runLocal("aiplatform", { ...options, config: { ...options.config, platform: "legacy" } }),
    capabilities: ["logs", "diagnose", "background"],
    // fixed numbers of nodes cannot change
    config: { maxReplicaCount: 3 },
    otherConfig: { machineType: "mls1-c4-m2" },
    inPlaceConfig: { minReplicaCount: 2, endpointDescription: "Sums" },
  }),
  vitest,
);
