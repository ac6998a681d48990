import { SdistBundleBuilder } from "../../bundle/bundle-builder.js";
import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { LocalServer, RunLocalOptions } from "../../core/local-server.js";
import type { TargetUri } from "../../core/target-uri.js";
import { serveLocally } from "../serve-locally.js";
import { batchingVariables } from "../settings/request-batching.js";
import { checkCapability } from "./capabilities.js";
import type { AiPlatformConfig } from "./config/index.js";
import { loadSettings } from "./config/load-settings.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import { settingsResolver } from "./settings-resolver.js";

/** Serves a model on this machine with the bundle that its image would be built from. No project is needed. */
export async function runLocal(target: TargetUri, options: RunLocalOptions<AiPlatformConfig>): Promise<LocalServer> {
  try {
    const { settings } = loadSettings({ callConfig: options.config, target, env: process.env });
    // the legacy platform's predictor reads its model from a bucket: nothing on this machine stands in for that
    checkCapability("runLocal", options, settings);
    throwIfCancelled(options.signal, "runLocal");
    checkServing(settings);
    return await serveLocally(options as RunLocalOptions<never>, {
      modelResolver: settingsResolver(settings),
      bundleBuilder: new SdistBundleBuilder(),
      versionName: settings.versionName ?? null,
      predictionScript: settings.predictionScript ?? null,
      preprocessor: settings.preprocessor ?? null,
      setupFile: settings.setupFile ?? null,
      python: settings.python,
      env: { ...settings.env, ...batchingVariables(settings) },
      startTimeout: settings.deployTimeout,
      tmpDir: settings.tmpDir,
      checkInputs: settings.checkInputs,
    });
  } catch (error) {
    throw DeploymentError.from(error, "runLocal");
  }
}

function checkServing({ serving }: AiPlatformSettings): void {
  if (serving !== "image") return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "runLocal serves a bundle, and with serving: image there is none. Run the image itself, or leave serving and imageUri out.",
  );
}
