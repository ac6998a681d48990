import { DeploymentError } from "../../../core/errors.js";
import type { LoadedSettings } from "../config/load-settings.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { SettingName } from "../config/settings.js";

/** The global endpoint's own default (`Version.machineType`). */
const defaultMachineType = "mls1-c1-m2";

/** Settings of what this platform does not have. Left out rather than ignored: what is served depends on them. */
const vertexOnly: readonly SettingName[] = [
  "imageUri",
  "baseImage",
  "destinationImageUri",
  "acceleratorType",
  "acceleratorCount",
  "autoscalingTargetCpuUtilization",
  "autoscalingTargetAcceleratorDutyCycle",
  "autoscalingTargetRequestCountPerMinute",
  "network",
  "inferenceTimeout",
  "encryptionSpecKeyName",
  "explanationMetadata",
  "explanationParameters",
  "env",
  "trafficPercent",
  "trafficSplit",
];

/**
 * The settings of a call on this platform, whose default machine type is another.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for settings of Vertex AI alone, and a machine type that takes no
 * custom prediction routine (`Version.predictionClass`).
 */
export function legacySettings({ settings, given }: LoadedSettings): AiPlatformSettings {
  const foreign = vertexOnly.filter((name) => given.has(name));
  if (settings.serving !== "build") foreign.push("serving");
  if (settings.endpointType !== "shared") foreign.push("endpointType");
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
