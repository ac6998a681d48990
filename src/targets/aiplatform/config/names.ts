import { nearest } from "./nearest.js";
import { settingMeta } from "./setting-meta.js";
import { type SettingName, settingsShape } from "./settings.js";

/** `productionBucket` as `production_bucket`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Every spelling that `config` takes, in camelCase, snake_case and as an alias, to the setting's own name. */
export const canonicalNames: ReadonlyMap<string, SettingName> = new Map(
  (Object.keys(settingsShape) as SettingName[]).flatMap((name) =>
    [name, ...(settingMeta.get(settingsShape[name])?.aliases ?? [])].flatMap((spelling) => [
      [spelling, name] as const,
      [snakeCase(spelling), name] as const,
    ]),
  ),
);

/** The known spelling that is nearest to `key`, if one is near enough to be what was meant. */
export function nearestName(key: string): string | undefined {
  return nearest(key, canonicalNames.keys());
}
