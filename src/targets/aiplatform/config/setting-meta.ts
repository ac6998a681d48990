import { z } from "zod";

import type { SettingMeta as TargetSettingMeta } from "../../settings/definition.js";

/** What is known of a setting of this target. */
export interface SettingMeta extends TargetSettingMeta {
  /** What it takes to change it, where what is served depends on it. Absent: the call only. */
  changes?: SettingChange;
  /** The platform that it belongs to. Absent: both. */
  platform?: "vertex" | "legacy";
}

/**
 * What it takes to change a setting of a deployment: a new registry version, another deployed model of the same version,
 * nothing but a request while it serves (`inPlace`), or another endpoint (`endpoint`), which no update makes.
 */
export type SettingChange = "version" | "deployedModel" | "inPlace" | "endpoint";

/** The {@link SettingMeta} of each setting. */
export const settingMeta = z.registry<SettingMeta>();
