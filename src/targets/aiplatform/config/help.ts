import { helpText } from "../../settings/help.js";
import { aiPlatformSettings } from "./definition.js";
import { settingMeta } from "./setting-meta.js";
import { type SettingName, settingsShape } from "./settings.js";

/** The target's help: what it is, how it is addressed, and every setting. */
export function targetHelp(): string {
  return helpText(
    `Deploys MLflow models to Vertex AI.

The target is aiplatform, or aiplatform:/PROJECT/LOCATION. A setting is taken from the method's argument, then from
config (in camelCase or snake_case), then from the target URI, then from the environment; the project at last from the
Application Default Credentials.`,
    aiPlatformSettings,
    (name) => {
      const platform = platformOf(name);
      return platform === null ? null : `platform: ${platform} only`;
    },
  );
}

/** The only platform that has a setting; null for both. */
export function platformOf(name: SettingName): "vertex" | "legacy" | null {
  return settingMeta.get(settingsShape[name])?.platform ?? null;
}
