import { DeploymentError } from "../../../core/errors.js";
import type { LoadedSettings } from "../config/load-settings.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { SettingName } from "../config/settings.js";

/** The global endpoint's own default (`Version.machineType`). */
const defaultMachineType = "mls1-c1-m2";

/** What `ml` v1 has on Compute Engine machines only, where no prediction class runs (`Version.predictionClass`). */
const withoutPredictionClass: readonly SettingName[] = [
  "acceleratorType",
  "acceleratorCount",
  "autoscalingTargetCpuUtilization",
  "autoscalingTargetAcceleratorDutyCycle",
];

/**
 * The settings of a call on this platform, whose default machine type is another.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what goes with no prediction class. Settings of Vertex AI alone are
 * refused where settings are loaded.
 */
export function legacySettings({ settings, given }: LoadedSettings): AiPlatformSettings {
  const foreign = withoutPredictionClass.filter((name) => given.has(name));
  if (foreign.length > 0) throw invalid(`${foreign.join(", ")} cannot be had with platform: legacy`);
  const machineType = given.has("machineType") ? settings.machineType : defaultMachineType;
  if (!machineType.startsWith("mls1-")) {
    throw invalid(`machineType must be one of mls1-… with platform: legacy, such as ${defaultMachineType}`);
  }
  return { ...settings, machineType };
}

function invalid(reason: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", `Invalid setting: ${reason}.`);
}
