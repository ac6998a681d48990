import type { ConfigOf } from "../../settings/config-type.js";
import type { AiPlatformSettings } from "./setting-rules.js";

/** What `config` takes on the `aiplatform` target: every setting is optional, in camelCase or snake_case. */
export type AiPlatformConfig = ConfigOf<AiPlatformSettings>;

export type { AiPlatformSettings };
