import type { DeploymentTargetPlugin } from "../../core/plugin.js";
import { AiPlatformClient } from "./client.js";

/** The target `aiplatform`: Vertex AI. */
export const aiPlatformPlugin: DeploymentTargetPlugin<AiPlatformClient> = {
  name: "aiplatform",
  createClient: (target, options) => new AiPlatformClient(target, options),
  // these are asked for seldom, and the schema that they need is heavy
  runLocal: async (target, options) => (await import("./run-local.js")).runLocal(target, options),
  targetHelp: async () => (await import("./config/help.js")).targetHelp(),
};
