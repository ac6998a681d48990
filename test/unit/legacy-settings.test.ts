import { describe, expect, it } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";
import { loadSettings } from "../../src/targets/aiplatform/config/load-settings.js";
import { legacySettings } from "../../src/targets/aiplatform/legacy/settings.js";

const platformVariable = "MLFLOW_DEPLOYMENTS_PLATFORM";
const settings = (config: object, env: NodeJS.ProcessEnv = {}) =>
  legacySettings(
    loadSettings({
      callConfig: { platform: env[platformVariable] ? undefined : "legacy", ...config },
      target: parseTargetUri("aiplatform"),
      env,
    }),
  );

describe("settings on the legacy platform", () => {
  it("have a machine type that a prediction class runs on", () => {
    expect(settings({}).machineType).toBe("mls1-c1-m2");
    expect(settings({ machineType: "mls1-c4-m2" }).machineType).toBe("mls1-c4-m2");
    expect(() => settings({ machineType: "n1-standard-2" })).toThrow(/machineType must be one of mls1/);
  });

  it("refuse what runs on machines without a prediction class", () => {
    expect(() => settings({ acceleratorType: "NVIDIA_TESLA_T4", acceleratorCount: 1 })).toThrow(
      "Invalid setting: acceleratorType, acceleratorCount cannot be had with platform: legacy.",
    );
  });

  it.each([{ endpointType: "dedicated" }, { env: { A: "b" } }, { imageRepository: "images" }])(
    "refuse %j, which only Vertex AI has",
    (config) => {
      expect(() => settings(config)).toThrow(/is for platform: vertex only/);
    },
  );

  it("take the platform from the environment", () => {
    expect(settings({}, { [platformVariable]: "legacy" }).platform).toBe("legacy");
  });
});
