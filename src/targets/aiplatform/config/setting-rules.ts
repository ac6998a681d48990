import { z } from "zod";

import { lacksBatchSize } from "../../settings/request-batching.js";
import { parseImageUri } from "./image-uri.js";
import { settingsShape } from "./settings.js";

type Settings = z.output<z.ZodObject<typeof settingsShape>>;
type Refuse = (name: keyof Settings, message: string) => void;

/** The checks of each setting by itself. */
export const eachSetting = z.strictObject(settingsShape);

/** With the checks that look at more than one setting. Which settings a platform has at all, load-settings.ts checks. */
export const settingsSchema = eachSetting.superRefine((settings, context) => {
  const refuse: Refuse = (name, message) => context.addIssue({ code: "custom", path: [name], message });
  checkImage(settings, refuse);
  checkReplicas(settings, refuse);
  checkEndpoint(settings, refuse);
  checkExplanations(settings, refuse);
  if (lacksBatchSize(settings)) refuse("maxBatchDelay", "needs maxBatchSize");
});

/** The settings of one call, checked and complete. */
export type AiPlatformSettings = z.output<typeof settingsSchema>;

function checkImage(settings: Settings, refuse: Refuse): void {
  const { serving, imageUri, baseImage, destinationImageUri, location } = settings;
  if (serving === "image" && imageUri === undefined) refuse("imageUri", "is needed with serving: image");
  if (serving !== "image" && imageUri !== undefined) refuse("imageUri", "needs serving: image");
  if (serving !== "build" && baseImage !== undefined) refuse("baseImage", "needs serving: build");
  if (destinationImageUri === undefined) return;
  if (serving !== "build") refuse("destinationImageUri", "needs serving: build");
  if (parseImageUri(destinationImageUri)?.location !== location)
    refuse("destinationImageUri", `must be in the endpoint's region: ${location}-docker.pkg.dev/…`);
}

function checkReplicas(settings: Settings, refuse: Refuse): void {
  const { minReplicaCount, maxReplicaCount, acceleratorType, acceleratorCount } = settings;
  if (maxReplicaCount !== undefined && maxReplicaCount < minReplicaCount)
    refuse("maxReplicaCount", `must be at least minReplicaCount (${minReplicaCount})`);
  if (acceleratorType === undefined && acceleratorCount) refuse("acceleratorType", "is needed with acceleratorCount");
  if (acceleratorType !== undefined && acceleratorCount === 0)
    refuse("acceleratorCount", "must be 1 or more with acceleratorType");
  if (acceleratorType === undefined && settings.autoscalingTargetAcceleratorDutyCycle !== undefined)
    refuse("autoscalingTargetAcceleratorDutyCycle", "needs acceleratorType");
}

function checkEndpoint(settings: Settings, refuse: Refuse): void {
  const { network, encryptionSpecKeyName, location } = settings;
  const dedicated = settings.endpointType === "dedicated";
  if (settings.inferenceTimeout !== undefined && !dedicated)
    refuse("inferenceTimeout", "needs endpointType: dedicated");
  if (encryptionSpecKeyName !== undefined && encryptionSpecKeyName.split("/")[3] !== location)
    refuse("encryptionSpecKeyName", `must be a key in the endpoint's region, ${location}`);
  if (network === undefined) return;
  if (dedicated) refuse("network", "cannot be had with endpointType: dedicated, whose host is public");
  // "Limitations of private endpoints"
  if (settings.trafficPercent !== undefined)
    refuse("trafficPercent", "cannot be had with network: a private endpoint has one model, with all the traffic");
  if (settings.trafficSplit !== undefined)
    refuse("trafficSplit", "cannot be had with network: a private endpoint has one model, with all the traffic");
}

function checkExplanations(settings: Settings, refuse: Refuse): void {
  const { explanationMetadata, explanationParameters, endpointType } = settings;
  if (explanationMetadata !== undefined && explanationParameters === undefined)
    refuse("explanationParameters", "is needed with explanationMetadata");
  if (explanationParameters === undefined) return;
  if (endpointType === "dedicated") {
    refuse(
      "explanationParameters",
      "cannot be had with endpointType: dedicated, which explains nothing; leave one of the two out",
    );
  }
}
