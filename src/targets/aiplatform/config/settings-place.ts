import { z } from "zod";

import { settingMeta } from "./setting-meta.js";
import { text } from "../../settings/values.js";
import { bucket, route } from "./setting-values.js";

/** Where everything is. */
export const placeSettings = {
  projectId: text()
    .optional()
    .register(settingMeta, {
      description: "The Google Cloud project, by its id.",
      env: ["project_id", "GOOGLE_CLOUD_PROJECT"],
      aliases: ["project"],
      defaultText: "the project of the Application Default Credentials",
    }),
  location: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)+\d+$/, "must be a region, such as europe-west1")
    .default("us-central1")
    .register(settingMeta, {
      description: "The region of endpoint, model, image repository and, unless it is a multi-region, bucket.",
      env: ["GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"],
      aliases: ["region"],
    }),
  platform: z
    .enum(["vertex", "legacy"])
    .default("vertex")
    .register(settingMeta, {
      description:
        "The serving platform: Vertex AI, or legacy AI Platform Prediction (ml v1), which Google ended in January 2025.",
      env: ["MLFLOW_DEPLOYMENTS_PLATFORM"],
    }),
  productionBucket: bucket()
    .optional()
    .register(settingMeta, {
      description: "The bucket that bundle, model artifacts and deployment records go to. Needed to deploy.",
      env: ["production_bucket"],
      aliases: ["stagingBucket"],
    }),
  productionRoute: route()
    .default("mlflow-deployments")
    .register(settingMeta, {
      description: "The path in the bucket below which everything is kept.",
      env: ["production_route"],
    }),
  tmpDir: text()
    .optional()
    .register(settingMeta, {
      description:
        "The directory in which the bundle is made, and those files of a remote model are kept that are needed on this machine.",
      env: ["tmp_dir"],
      defaultText: "the system's temporary directory",
    }),
  encryptionSpecKeyName: z
    .string()
    .regex(
      /^projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+$/,
      "must be a key by its full name, projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY",
    )
    .optional()
    .register(settingMeta, {
      description: "The customer-managed key that encrypts endpoint and model, in their region.",
      platform: "vertex",
      changes: "endpoint",
    }),
} as const;
