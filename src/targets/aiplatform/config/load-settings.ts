import { DeploymentError } from "../../../core/errors.js";
import type { TargetUri } from "../../../core/target-uri.js";
import * as load from "../../settings/load-settings.js";
import { aiPlatformSettings } from "./definition.js";
import { settingMeta } from "./setting-meta.js";
import type { AiPlatformSettings } from "./setting-rules.js";
import { type SettingName, settingsShape } from "./settings.js";

/** Where settings come from, strongest first: the call's `config`, the client's, the target URI, the environment. */
export interface SettingSources {
  callConfig?: object | undefined;
  clientConfig?: object | undefined;
  target: TargetUri;
  env: NodeJS.ProcessEnv;
}

/** The settings of one call, and which of them somebody has named. */
export type LoadedSettings = load.LoadedSettings<SettingName, AiPlatformSettings>;

/**
 * Brings the settings of one call together and checks them.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the setting, where its value came from, and what is
 * allowed; for an unknown key, the nearest known one.
 */
export function loadSettings({ target, ...sources }: SettingSources, rules: load.SettingRules = "all"): LoadedSettings {
  const loaded = load.loadSettings(aiPlatformSettings, { ...sources, uri: uriLayer(target) }, rules);
  const { settings, given, ambient, configs } = loaded;
  for (const layer of configs) checkPlatform(layer, settings.platform);
  return { settings, given, ambient };
}

/**
 * Checks settings, and fills in the defaults.
 *
 * @param fromOf - Where a value came from, for the message.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
 */
export function checkSettings(
  values: Partial<Record<SettingName, unknown>>,
  fromOf: (name: SettingName) => string | undefined = () => undefined,
  rules: load.SettingRules = "all",
): AiPlatformSettings {
  return load.checkSettings(aiPlatformSettings, values, fromOf, rules);
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

type Layer = load.SettingsLayer<SettingName>;

function uriLayer(target: TargetUri): Layer {
  const [projectId, location, ...rest] = target.path;
  if (rest.length > 0) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The target URI "${target.uri}" has too many parts: it is ${target.target}:/PROJECT/LOCATION.`,
    );
  }
  const layer: Layer = new Map();
  if (projectId) layer.set("projectId", { value: projectId, from: "the target URI" });
  if (location) layer.set("location", { value: location, from: "the target URI" });
  return layer;
}

/** Refuses what the other platform alone has; a variable of the environment may be there for another program. */
function checkPlatform(layer: Layer, platform: AiPlatformSettings["platform"]): void {
  for (const [name, { from }] of layer) {
    const only = settingMeta.get(settingsShape[name])?.platform;
    if (only === undefined || only === platform) continue;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Invalid setting: ${name} (${from}) is for platform: ${only} only, and this call is for platform: ${platform}. Leave one of the two out.`,
    );
  }
}
