import { z } from "zod";

import type { SettingMeta as TargetSettingMeta } from "../../settings/definition.js";

/** What is known of a setting of this target. */
export interface SettingMeta extends TargetSettingMeta {
  /** What it takes to change it, where what is served depends on it. Absent: the call only. */
  changes?: SettingChange;
  /** The only platform that has it: `config` of a call for the other may not name it. Absent: both. */
  platform?: "vertex" | "legacy";
}

/**
 * What it takes to change a setting of a deployment:
 *
 * - `environment`: another serving image; a file's name, whose content is part of the environment's hash.
 * - `version`: a new registry version.
 * - `deployedModel`: another deployed model of the same version.
 * - `inPlace`: nothing but a request while it serves.
 * - `endpoint`: another endpoint, which no update makes.
 */
export type SettingChange = "environment" | "version" | "deployedModel" | "inPlace" | "endpoint";

/** The {@link SettingMeta} of each setting. */
export const settingMeta = z.registry<SettingMeta>();
