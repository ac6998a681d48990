import type { AiPlatformSettings } from "./setting-rules.js";
import type { SettingName } from "./settings.js";

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? Head extends Uppercase<Head>
    ? Head extends Lowercase<Head>
      ? `${Head}${SnakeCase<Tail>}`
      : `_${Lowercase<Head>}${SnakeCase<Tail>}`
    : `${Head}${SnakeCase<Tail>}`
  : Name;

/** What `config` takes on the `aiplatform` target: every setting is optional, in camelCase or snake_case. */
export type AiPlatformConfig = Partial<AiPlatformSettings> & {
  [Name in SettingName as SnakeCase<Name>]?: AiPlatformSettings[Name];
};

export type { AiPlatformSettings };
