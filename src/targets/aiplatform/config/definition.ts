import type { SettingsDefinition } from "../../settings/definition.js";
import { settingMeta } from "./setting-meta.js";
import { type AiPlatformSettings, eachSetting, settingsSchema } from "./setting-rules.js";
import { settingGroups, type SettingName, settingsShape } from "./settings.js";

/** The settings of the target `aiplatform`. */
export const aiPlatformSettings: SettingsDefinition<SettingName, AiPlatformSettings> = {
  target: "aiplatform",
  shape: settingsShape,
  each: eachSetting,
  schema: settingsSchema,
  groups: settingGroups,
  metaOf: (name) => settingMeta.get(settingsShape[name]),
};
