import { isDeepStrictEqual } from "node:util";

import { loadSettings, type LoadedSettings, type SettingSources } from "./config/load-settings.js";

/**
 * How long what the environment says is taken for what it still says, in milliseconds: to read all variables of the settings
 * takes as long as a prediction.
 */
const environmentKnownForMs = 1000;

/** The settings of the call before, for a call with the same configs: what predicts in a loop has them checked once a second. */
export class KnownSettings {
  #known: { said: unknown; loaded: LoadedSettings; readAt: number } | undefined;

  /** The settings of a call, at most a second old as far as the environment says them. @throws DeploymentError as `loadSettings`. */
  load(sources: SettingSources): LoadedSettings {
    const said = saidBy(sources);
    const now = Date.now();
    const known = this.#known;
    const isFresh = known !== undefined && Math.abs(now - known.readAt) <= environmentKnownForMs;
    if (isFresh && isDeepStrictEqual(said, known.said)) return known.loaded;
    const loaded = loadSettings(sources);
    const kept = copyOf(said);
    this.#known = kept && { said: kept, loaded, readAt: now };
    return loaded;
  }
}

/** What the configs say, and whether everything goes to an emulator: a prediction for one must not reach Google Cloud for a second. */
function saidBy({ clientConfig, callConfig, env }: SettingSources): unknown[] {
  return [clientConfig, callConfig, env["AIPLATFORM_EMULATOR_HOST"]];
}

/** A copy, since a config may be changed in its place; undefined for what is no data. */
function copyOf(said: unknown[]): unknown[] | undefined {
  try {
    return structuredClone(said);
  } catch {
    return undefined; // a function
  }
}
