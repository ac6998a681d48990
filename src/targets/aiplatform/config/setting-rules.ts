import { z } from "zod";

import { settingsShape } from "./settings.js";

/** The checks that look at more than one setting. */
export const settingsSchema = z.strictObject(settingsShape).superRefine((settings, context) => {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const { serving, imageUri, minReplicaCount, maxReplicaCount, acceleratorType, acceleratorCount } = settings;
  if (serving === "image" && imageUri === undefined) refuse("imageUri", "is needed with serving: image");
  if (serving !== "image" && imageUri !== undefined) refuse("imageUri", "needs serving: image");
  if (maxReplicaCount !== undefined && maxReplicaCount < minReplicaCount) {
    refuse("maxReplicaCount", `must be at least minReplicaCount (${minReplicaCount})`);
  }
  if (acceleratorCount !== undefined && acceleratorType === undefined)
    refuse("acceleratorType", "is needed with acceleratorCount");
  if (settings.autoscalingTargetAcceleratorDutyCycle !== undefined && acceleratorType === undefined)
    refuse("autoscalingTargetAcceleratorDutyCycle", "needs acceleratorType");
  if (settings.destinationImageUri !== undefined) {
    if (serving !== "build") refuse("destinationImageUri", "needs serving: build");
    if (!settings.destinationImageUri.startsWith(`${settings.location}-docker.pkg.dev/`))
      refuse("destinationImageUri", `must be in the endpoint's region: ${settings.location}-docker.pkg.dev/…`);
  }
  const dedicated = settings.endpointType === "dedicated";
  if (settings.network !== undefined && dedicated)
    refuse("network", "cannot be had with endpointType: dedicated, whose host is public");
  if (settings.inferenceTimeout !== undefined && !dedicated)
    refuse("inferenceTimeout", "needs endpointType: dedicated");
  if (settings.explanationMetadata !== undefined && settings.explanationParameters === undefined)
    refuse("explanationParameters", "is needed with explanationMetadata");
  if (settings.explanationParameters !== undefined && dedicated) {
    refuse(
      "explanationParameters",
      "cannot be had with endpointType: dedicated, which explains nothing; leave one of the two out",
    );
  }
});

/** The settings of one call, checked and complete. */
export type AiPlatformSettings = z.output<typeof settingsSchema>;
