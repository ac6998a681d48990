import { expect, it } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";
import type { AiPlatformConfig } from "../../src/index.js";
import { loadSettings } from "../../src/targets/aiplatform/config/load-settings.js";
import { hasCustomInputs } from "../../src/targets/aiplatform/custom-inputs.js";

const imageUri = "europe-west1-docker.pkg.dev/acme/images/serving:v1";

it.each<[AiPlatformConfig, boolean]>([
  [{}, false],
  [{ setupFile: "setup.py" }, false],
  [{ predictionScript: "mine.py" }, true],
  [{ preprocessor: "mine.py" }, true],
  [{ platform: "legacy", preprocessor: "mine.py" }, true],
  [{ serving: "image", imageUri, location: "europe-west1" }, true],
])("says of %j whether it may take other rows than the signature says: %s", (callConfig, custom) => {
  const { settings } = loadSettings({ callConfig, target: parseTargetUri("aiplatform"), env: {} });
  expect(hasCustomInputs(settings)).toBe(custom);
});
