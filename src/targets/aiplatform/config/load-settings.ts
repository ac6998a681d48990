import { DeploymentError } from "../../../core/errors.js";
import type { TargetUri } from "../../../core/target-uri.js";
import * as load from "../../settings/load-settings.js";
import { aiPlatformSettings } from "./definition.js";
import type { AiPlatformSettings } from "./setting-rules.js";
import type { SettingName } from "./settings.js";

/** Where settings come from, strongest first: the call's `config`, the client's, the target URI, the environment. */
export interface SettingSources {
  callConfig?: object | undefined;
  clientConfig?: object | undefined;
  target: TargetUri;
  env: NodeJS.ProcessEnv;
}

/** The settings of one call, and which of them somebody has named. */
export type LoadedSettings = load.LoadedSettings<SettingName, AiPlatformSettings>;

/** See `loadSettings` of the folder `targets/settings`. */
export function loadSettings({ target, ...sources }: SettingSources): LoadedSettings {
  return load.loadSettings(aiPlatformSettings, { ...sources, uri: uriLayer(target) });
}

/**
 * Checks settings, and fills in the defaults.
 *
 * @param fromOf - Where a value came from, for the message.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
 */
export function checkSettings(
  values: Partial<Record<SettingName, unknown>>,
  fromOf: (name: SettingName) => string | undefined,
): AiPlatformSettings {
  return load.checkSettings(aiPlatformSettings, values, fromOf);
}

/**
 * The value of a setting that a method cannot do without.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the parameter and its environment variables.
 */
export function required<Name extends SettingName>(
  settings: AiPlatformSettings,
  name: Name,
): NonNullable<AiPlatformSettings[Name]> {
  return load.requiredSetting(aiPlatformSettings, settings, name);
}

function uriLayer(target: TargetUri): load.SettingsLayer<SettingName> {
  const [projectId, location, ...rest] = target.path;
  if (rest.length > 0) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The target URI "${target.uri}" has too many parts: it is ${target.target}:/PROJECT/LOCATION.`,
    );
  }
  const layer: load.SettingsLayer<SettingName> = new Map();
  if (projectId) layer.set("projectId", { value: projectId, from: "the target URI" });
  if (location) layer.set("location", { value: location, from: "the target URI" });
  return layer;
}
