import { SdistBundleBuilder } from "../../bundle/bundle-builder.js";
import type { StepContext } from "../../core/progress.js";
import type { TargetUri } from "../../core/target-uri.js";
import { defaultStorageConnection } from "../../storage/connection.js";
import { modelResolver } from "../model-resolver.js";
import type { Call } from "./call.js";
import type { LocalClientOptions } from "./client.js";
import { loadSettings } from "./config/load-settings.js";
import { DataDirectory } from "./state/data-directory.js";

/** One call: its settings, and what it works with. */
export function loadCall(
  target: TargetUri,
  { config: clientConfig, services = {}, mlflow }: LocalClientOptions,
  callConfig: object | undefined,
  context: StepContext,
): Call {
  const { settings, given, ambient } = loadSettings({ callConfig, clientConfig, target, env: process.env });
  const { trackingUri, registryUri } = settings;
  return {
    settings,
    given,
    ambient,
    context,
    data: new DataDirectory(settings.dataDir),
    modelResolver:
      services.modelResolver ?? modelResolver({ ...mlflow, trackingUri, registryUri }, defaultStorageConnection()),
    bundleBuilder: services.bundleBuilder ?? new SdistBundleBuilder(),
  };
}
