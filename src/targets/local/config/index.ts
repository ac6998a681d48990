import type { ConfigOf } from "../../settings/config-type.js";
import type { LocalSettings } from "./settings.js";

/** What `config` takes on the `local` target: every setting is optional, in camelCase or snake_case. */
export type LocalConfig = ConfigOf<LocalSettings>;

export type { LocalSettings };
