import { SdistBundleBuilder } from "../../bundle/bundle-builder.js";
import type { StepContext } from "../../core/progress.js";
import type { TargetUri } from "../../core/target-uri.js";
import { MlflowModelResolver } from "../../mlflow/model-resolver.js";
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
    modelResolver: services.modelResolver ?? new MlflowModelResolver({ ...mlflow, trackingUri, registryUri }),
    bundleBuilder: services.bundleBuilder ?? new SdistBundleBuilder(),
  };
}
