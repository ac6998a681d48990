import { aiPlatformPlugin } from "./aiplatform/plugin.js";

/** The targets that come with this package. */
export const builtInTargets = [aiPlatformPlugin];
