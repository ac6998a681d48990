import type { StepContext } from "../../core/progress.js";
import type { BundleBuilder, ModelResolver } from "../../core/services.js";
import type { LocalSettingName, LocalSettings } from "./config/settings.js";
import type { DataDirectory } from "./state/data-directory.js";

/** One call of a client's method: its settings, what it works with, and who listens. */
export interface Call {
  settings: LocalSettings;
  /** The settings that somebody has named; the others have their defaults. */
  given: ReadonlySet<LocalSettingName>;
  /** Of these, those that a variable of the environment alone names. */
  ambient: ReadonlySet<LocalSettingName>;
  data: DataDirectory;
  modelResolver: ModelResolver;
  bundleBuilder: BundleBuilder;
  context: StepContext;
}
