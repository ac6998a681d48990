import type { StepContext } from "../../core/progress.js";
import type { AiPlatformSettings } from "./config/settings.js";
import type { AiPlatformServices } from "./services.js";

/** One call of a client's method: its settings, the services for them, and who listens. */
export interface Call {
  settings: AiPlatformSettings;
  services: AiPlatformServices;
  context: StepContext;
}
