import type { RunLocalOptions } from "../../core/local-server.js";
import type { DeploymentTargetPlugin } from "../../core/plugin.js";
import type { TargetUri } from "../../core/target-uri.js";
import { AiPlatformClient } from "./client.js";

/** The target `aiplatform`: Vertex AI. */
export const aiPlatformPlugin: DeploymentTargetPlugin<AiPlatformClient> = {
  name: "aiplatform",
  createClient: (target, options) => new AiPlatformClient(target, options),
  // these are asked for seldom, and the schema that they need is heavy
  runLocal: async (target, options) => {
    await checkRunLocal(target, options);
    return (await import("./run-local.js")).runLocal(target, options);
  },
  targetHelp: async () => (await import("./config/help.js")).targetHelp(),
};

/** Refuses a platform that nothing on this machine stands in for: the legacy one's predictor reads its model from a bucket. */
async function checkRunLocal(target: TargetUri, options: RunLocalOptions<never>): Promise<void> {
  const { loadSettings } = await import("./config/load-settings.js");
  const { checkCapability } = await import("./capabilities.js");
  const { settings } = loadSettings({ callConfig: options.config, target, env: process.env });
  checkCapability("runLocal", options, settings);
}
