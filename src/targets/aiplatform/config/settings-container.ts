import { acceleratorTypes } from "./accelerators.js";
import { environment } from "./environment-values.js";
import { nearest } from "../../settings/nearest.js";
import { settingMeta } from "./setting-meta.js";
import { batchingMeta, batchingSettings } from "../../settings/request-batching.js";
import { text, wholeNumber } from "../../settings/values.js";
import { accountEmail, percent } from "./setting-values.js";

/** How the container runs. */
export const containerSettings = {
  machineType: text().default("n1-standard-2").register(settingMeta, {
    description: "The machine type of each replica.",
    changes: "deployedModel",
  }),
  minReplicaCount: wholeNumber(1).default(1).register(settingMeta, {
    description: "Replicas that always run.",
    changes: "inPlace",
  }),
  maxReplicaCount: wholeNumber(1).optional().register(settingMeta, {
    description: "Replicas that autoscaling may go up to.",
    defaultText: "minReplicaCount",
    changes: "inPlace",
  }),
  autoscalingTargetCpuUtilization: percent(1).optional().register(settingMeta, {
    description: "The percentage of CPU use that autoscaling keeps.",
    defaultText: "Vertex AI's own, 60",
    changes: "inPlace",
  }),
  autoscalingTargetAcceleratorDutyCycle: percent(1).optional().register(settingMeta, {
    description: "The percentage of accelerator use that autoscaling keeps.",
    defaultText: "Vertex AI's own, 60",
    changes: "inPlace",
  }),
  autoscalingTargetRequestCountPerMinute: wholeNumber(1).optional().register(settingMeta, {
    description: "The requests a minute and replica that autoscaling keeps.",
    platform: "vertex",
    defaultText: "not looked at",
    changes: "inPlace",
  }),
  acceleratorType: text()
    .refine((type) => acceleratorTypes.includes(type), { error: ({ input }) => unknownAccelerator(String(input)) })
    .optional()
    .register(settingMeta, {
      description: "The accelerator of each replica, such as NVIDIA_TESLA_T4.",
      changes: "deployedModel",
    }),
  acceleratorCount: wholeNumber(0).optional().register(settingMeta, {
    description: "Accelerators of each replica.",
    defaultText: "1 where acceleratorType is set, else 0",
    changes: "deployedModel",
  }),
  serviceAccount: accountEmail().optional().register(settingMeta, {
    description: "The account that the container runs as; you need iam.serviceAccounts.actAs on it.",
    defaultText: "an account of Google's that can read nothing but the model",
    changes: "deployedModel",
  }),
  maxBatchSize: batchingSettings.maxBatchSize().register(settingMeta, {
    ...batchingMeta.maxBatchSize,
    platform: "vertex",
    changes: "version",
  }),
  maxBatchDelay: batchingSettings.maxBatchDelay().register(settingMeta, {
    ...batchingMeta.maxBatchDelay,
    platform: "vertex",
    changes: "version",
  }),
  env: environment().default({}).register(settingMeta, {
    description: "Environment variables of the serving container; names that start with AIP_ are the platform's.",
    platform: "vertex",
    changes: "version",
  }),
} as const;

function unknownAccelerator(type: string): string {
  const meant = nearest(type, acceleratorTypes);
  return `must be one of Vertex AI's accelerators, which ${JSON.stringify(type)} is not. ${meant ? `Did you mean ${meant}?` : `They are ${acceleratorTypes.join(", ")}`}`;
}
