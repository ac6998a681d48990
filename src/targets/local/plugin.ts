import type { DeploymentTargetPlugin } from "../../core/plugin.js";
import { LocalClient } from "./client.js";

/** The target `local`: processes of this machine. */
export const localPlugin: DeploymentTargetPlugin<LocalClient> = {
  name: "local",
  createClient: (target, options) => new LocalClient(target, options),
  // help is asked for seldom, and the schema that it comes from is heavy
  runLocal: async (target, options) => (await import("./run-local.js")).runLocal(target, options),
  targetHelp: async () => (await import("./config/help.js")).targetHelp(),
};
