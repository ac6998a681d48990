import { spellingsOf } from "../../settings/setting-names.js";
import { aiPlatformSettings } from "./definition.js";
import type { SettingName } from "./settings.js";

/** Every spelling that `config` takes, in camelCase, snake_case and as an alias, to the setting's own name. */
export const canonicalNames: ReadonlyMap<string, SettingName> = spellingsOf(aiPlatformSettings);
