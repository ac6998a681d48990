import type { AiPlatformSettings } from "../config/setting-rules.js";

/** Settings with the defaults that depend on others: left out or written out, they make the same deployment. */
export function completeSettings<Settings extends AiPlatformSettings>(name: string, settings: Settings): Settings {
  const { minReplicaCount, acceleratorType } = settings;
  return {
    ...settings,
    modelName: settings.modelName ?? name,
    maxReplicaCount: settings.maxReplicaCount ?? minReplicaCount,
    acceleratorCount: settings.acceleratorCount ?? (acceleratorType === undefined ? undefined : 1),
  };
}
