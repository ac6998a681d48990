import type { StepContext } from "../../core/progress.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import type { SettingName } from "./config/settings.js";
import type { AiPlatformServices } from "./services.js";

/** One call of a client's method: its settings, the services for them, and who listens. */
export interface Call {
  /** Unique for each call: its lock, its entry in a history, and its operation have it. */
  id: string;
  settings: AiPlatformSettings;
  /** The settings that somebody has named; the others have their defaults. */
  given: ReadonlySet<SettingName>;
  /** Of these, those that a variable of the environment alone names. */
  ambient: ReadonlySet<SettingName>;
  services: AiPlatformServices;
  context: StepContext;
}
