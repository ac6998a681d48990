import type { SettingsDefinition } from "../../settings/definition.js";
import { settingMeta } from "./setting-meta.js";
import { type AiPlatformSettings, settingsSchema } from "./setting-rules.js";
import { type SettingName, settingsShape } from "./settings.js";

/** The settings of the target `aiplatform`. */
export const aiPlatformSettings: SettingsDefinition<SettingName, AiPlatformSettings> = {
  target: "aiplatform",
  shape: settingsShape,
  schema: settingsSchema,
  metaOf: (name) => settingMeta.get(settingsShape[name]),
};
