import { loadSettings, type LoadedSettings, type SettingSources } from "./config/load-settings.js";

/**
 * How long what the environment says is taken for what it still says, in milliseconds: to read all variables of the settings
 * takes as long as a prediction.
 */
const environmentKnownForMs = 1000;

/** The settings of the call before, for a call with the same configs: what predicts in a loop has them checked once a second. */
export class KnownSettings {
  #known: { key: string; loaded: LoadedSettings; readAt: number } | undefined;

  /** The settings of a call, at most a second old as far as the environment says them. @throws DeploymentError as `loadSettings`. */
  load(sources: SettingSources): LoadedSettings {
    const key = keyOf(sources);
    if (key === null) return loadSettings(sources);
    const now = Date.now();
    if (this.#known?.key !== key || Math.abs(now - this.#known.readAt) > environmentKnownForMs) {
      this.#known = { key, loaded: loadSettings(sources), readAt: now };
    }
    return this.#known.loaded;
  }
}

/**
 * What the configs say, which may have been changed in their place, and whether everything goes to an emulator: a prediction
 * for one must not reach Google Cloud for a second. Null for configs that are no plain data.
 */
function keyOf({ clientConfig, callConfig, env }: SettingSources): string | null {
  let isPlain = true;
  const look = (_: string, value: unknown): unknown => {
    isPlain &&= !(typeof value === "function" || typeof value === "symbol" || Object.is(value, NaN));
    isPlain &&= value !== Infinity && value !== -Infinity;
    return value;
  };
  try {
    const key = JSON.stringify(
      [clientConfig ?? null, callConfig ?? null, env["AIPLATFORM_EMULATOR_HOST"] ?? null],
      look,
    );
    return isPlain ? key : null;
  } catch {
    return null; // a BigInt, or an object that holds itself
  }
}
