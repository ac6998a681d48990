import { SdistBundleBuilder } from "../../bundle/bundle-builder.js";
import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { LocalServer, RunLocalOptions } from "../../core/local-server.js";
import type { TargetUri } from "../../core/target-uri.js";
import { MlflowModelResolver } from "../../mlflow/model-resolver.js";
import { storageRetryOptions } from "../../storage/connection.js";
import { GcsArtifactReader } from "../../storage/gcs-artifact-reader.js";
import { serveLocally } from "../serve-locally.js";
import type { AiPlatformConfig } from "./config/index.js";
import { loadSettings } from "./config/load-settings.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import { GoogleConnection } from "./google/connection.js";

/** Serves a model on this machine with the bundle that its image would be built from. No project is needed. */
export async function runLocal(target: TargetUri, options: RunLocalOptions<AiPlatformConfig>): Promise<LocalServer> {
  try {
    throwIfCancelled(options.signal, "runLocal");
    const { settings } = loadSettings({ callConfig: options.config, target, env: process.env });
    checkServing(settings);
    return await serveLocally(options as RunLocalOptions<never>, {
      modelResolver: modelResolver(settings),
      bundleBuilder: new SdistBundleBuilder(),
      versionName: settings.versionName ?? null,
      predictionScript: settings.predictionScript ?? null,
      setupFile: settings.setupFile ?? null,
      python: settings.python,
      env: settings.env,
      startTimeout: settings.deployTimeout,
      tmpDir: settings.tmpDir,
    });
  } catch (error) {
    throw DeploymentError.from(error, "runLocal");
  }
}

function checkServing({ platform, serving }: AiPlatformSettings): void {
  if (platform === "legacy") {
    throw new DeploymentError(
      "NOT_IMPLEMENTED",
      "runLocal of the target aiplatform is not supported for platform: legacy, whose runtime was Google's own. The emulator serves it: mlflow-deployments emulator.",
    );
  }
  if (serving === "image") {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      "runLocal serves a bundle, and with serving: image there is none. Run the image itself, or leave serving and imageUri out.",
    );
  }
}

/** Google Cloud is only asked, and credentials only looked for, when the model is in a bucket. */
function modelResolver(settings: AiPlatformSettings): MlflowModelResolver {
  const { emulatorHost, allowRemoteEmulator, keyFilename, projectId, trackingUri } = settings;
  const connection = new GoogleConnection({ emulatorHost, allowRemoteEmulator, keyFilename, projectId });
  const storage = {
    client: () => connection.storage({ retryOptions: storageRetryOptions }),
    caller: () => connection.caller(),
  };
  return new MlflowModelResolver({ trackingUri, readers: { gs: new GcsArtifactReader(storage) } });
}
