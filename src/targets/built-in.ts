import { aiPlatformPlugin } from "./aiplatform/plugin.js";
import { localPlugin } from "./local/plugin.js";

/** The targets that come with this package. */
export const builtInTargets = [aiPlatformPlugin, localPlugin];
