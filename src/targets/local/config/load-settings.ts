import { DeploymentError } from "../../../core/errors.js";
import type { TargetUri } from "../../../core/target-uri.js";
import * as load from "../../settings/load-settings.js";
import { localSettings, type LocalSettingName, type LocalSettings } from "./settings.js";

/** The settings of one call, and which of them somebody has named. */
export type LoadedLocalSettings = load.LoadedSettings<LocalSettingName, LocalSettings>;

/** See `loadSettings` of the folder `targets/settings`. The target's URI says nothing but its name. */
export function loadSettings(sources: {
  callConfig?: object | undefined;
  clientConfig?: object | undefined;
  target: TargetUri;
  env: NodeJS.ProcessEnv;
}): LoadedLocalSettings {
  const { target, ...others } = sources;
  if (target.path.length > 0) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The target URI "${target.uri}" has too many parts: it is ${target.target}, and its settings are given as config.`,
    );
  }
  return load.loadSettings(localSettings, { ...others, uri: new Map() });
}
