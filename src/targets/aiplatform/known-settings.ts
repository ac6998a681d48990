import { isDeepStrictEqual } from "node:util";

import { loadSettings, type LoadedSettings, type SettingSources } from "./config/load-settings.js";

/**
 * How long what the environment says is taken for what it still says, in milliseconds: to read all variables of the settings
 * takes as long as a prediction.
 */
const environmentKnownForMs = 1000;

/** What a call's settings come from: its configs, and whether everything goes to an emulator, which must not reach Google Cloud for a second. */
interface Said {
  clientConfig: object | undefined;
  callConfig: object | undefined;
  emulatorHost: string | undefined;
}

/** The settings of the call before, for a call with the same configs: what predicts in a loop has them checked once a second. */
export class KnownSettings {
  #known: { said: Said; loaded: LoadedSettings; readAt: number } | undefined;

  /** The settings of a call, at most a second old as far as the environment says them. @throws DeploymentError as `loadSettings`. */
  load(sources: SettingSources): LoadedSettings {
    const { clientConfig, callConfig, env } = sources;
    const said = { clientConfig, callConfig, emulatorHost: env["AIPLATFORM_EMULATOR_HOST"] };
    const now = Date.now();
    const known = this.#known;
    const isFresh = known !== undefined && Math.abs(now - known.readAt) <= environmentKnownForMs;
    if (isFresh && isSame(said, known.said)) return known.loaded;
    const loaded = loadSettings(sources);
    const kept = copyOf(said);
    this.#known = kept && { said: kept, loaded, readAt: now };
    return loaded;
  }
}

function isSame(one: Said, other: Said): boolean {
  return (
    one.emulatorHost === other.emulatorHost &&
    isDeepStrictEqual(one.clientConfig, other.clientConfig) &&
    isDeepStrictEqual(one.callConfig, other.callConfig)
  );
}

/** A copy, since a config may be changed in its place; undefined for what is no data. */
function copyOf(said: Said): Said | undefined {
  try {
    return structuredClone(said);
  } catch {
    return undefined; // a function
  }
}
