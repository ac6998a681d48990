import { SdistBundleBuilder } from "../../bundle/bundle-builder.js";
import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { LocalServer, RunLocalOptions } from "../../core/local-server.js";
import type { TargetUri } from "../../core/target-uri.js";
import { defaultStorageConnection } from "../../storage/connection.js";
import { modelResolver } from "../model-resolver.js";
import { serveLocally } from "../serve-locally.js";
import { batchingVariables, checkBatching } from "../settings/request-batching.js";
import type { LocalConfig } from "./config/index.js";
import { loadSettings } from "./config/load-settings.js";

/** Serves a model until it is stopped or this process ends; nothing of it is kept. */
export async function runLocal(target: TargetUri, options: RunLocalOptions<LocalConfig>): Promise<LocalServer> {
  try {
    throwIfCancelled(options.signal, "runLocal");
    const { settings } = loadSettings({ callConfig: options.config, target, env: process.env });
    checkBatching(settings);
    const { trackingUri, registryUri } = settings;
    return await serveLocally({ ...options, port: options.port ?? settings.port } as RunLocalOptions<never>, {
      modelResolver: modelResolver({ trackingUri, registryUri }, defaultStorageConnection()),
      bundleBuilder: new SdistBundleBuilder(),
      versionName: null,
      predictionScript: settings.predictionScript ?? null,
      preprocessor: settings.preprocessor ?? null,
      setupFile: settings.setupFile ?? null,
      python: settings.python,
      env: { ...settings.env, ...batchingVariables(settings) },
      startTimeout: settings.startTimeout,
      tmpDir: settings.tmpDir,
      checkInputs: settings.checkInputs,
    });
  } catch (error) {
    throw DeploymentError.from(error, "runLocal");
  }
}
