import { describe, expect, it } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";
import { loadSettings } from "../../src/targets/aiplatform/config/load-settings.js";
import { legacySettings } from "../../src/targets/aiplatform/legacy/settings.js";

const settings = (config: object, env: NodeJS.ProcessEnv = {}) =>
  legacySettings(loadSettings({ callConfig: config, target: parseTargetUri("aiplatform"), env }));

describe("settings on the legacy platform", () => {
  it("have a machine type that a prediction class runs on", () => {
    expect(settings({}).machineType).toBe("mls1-c1-m2");
    expect(settings({ machineType: "mls1-c4-m2" }).machineType).toBe("mls1-c4-m2");
    expect(() => settings({ machineType: "n1-standard-2" })).toThrow(/machineType must be one of mls1/);
  });

  it.each([
    [{ acceleratorType: "NVIDIA_TESLA_T4" }, "acceleratorType"],
    [{ endpointType: "dedicated" }, "endpointType"],
    [{ serving: "image", imageUri: "europe-docker.pkg.dev/acme/images/serving" }, "imageUri, serving"],
    [{ env: { A: "b" } }, "env"],
  ])("refuse %j, which only Vertex AI has", (config, named) => {
    expect(() => settings(config)).toThrow(`Invalid setting: ${named} cannot be had with platform: legacy.`);
  });

  it("take the platform from the environment", () => {
    expect(settings({}, { MLFLOW_DEPLOYMENTS_PLATFORM: "legacy" }).platform).toBe("legacy");
  });
});
