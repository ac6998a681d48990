import { loadSettings, type LoadedSettings, type SettingSources } from "./config/load-settings.js";

/**
 * How long what the environment says is taken for what it still says, in milliseconds: to read all variables of the settings
 * takes as long as a prediction.
 */
const environmentKnownForMs = 1000;

/** The settings of the call before, for a call with the same configs: what predicts in a loop has them checked once a second. */
export class KnownSettings {
  #known: { configs: string; loaded: LoadedSettings; readAt: number } | undefined;

  /** The settings of a call, at most a second old as far as the environment says them. @throws DeploymentError as `loadSettings`. */
  load(sources: SettingSources): LoadedSettings {
    // a config may have been changed in its place
    const configs = JSON.stringify([sources.clientConfig, sources.callConfig]);
    const now = Date.now();
    if (this.#known?.configs !== configs || Math.abs(now - this.#known.readAt) > environmentKnownForMs) {
      this.#known = { configs, loaded: loadSettings(sources), readAt: now };
    }
    return this.#known.loaded;
  }
}
