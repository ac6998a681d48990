import { z } from "zod";

import { settingMeta } from "./setting-meta.js";
import { flag, parseJson, text } from "../../settings/values.js";

/** What only the legacy platform has. */
export const legacySettings = {
  regions: z
    .preprocess(parseJson, z.array(text()).length(1, "must have one region, as ml v1 takes no more"))
    .optional()
    .register(settingMeta, {
      description: "The model's region.",
      platform: "legacy",
      defaultText: "location",
    }),
  onlinePredictionLogging: flag().default(true).register(settingMeta, {
    description: "Whether predictions are logged.",
    platform: "legacy",
  }),
  runtimeVersion: text()
    .default("2.11")
    .register(settingMeta, {
      description: "The AI Platform runtime.",
      platform: "legacy",
      env: ["runtime_version"],
      changes: "version",
    }),
  pythonVersion: text()
    .default("3.7")
    .register(settingMeta, {
      description: "The Python of the runtime.",
      platform: "legacy",
      env: ["python_version"],
      changes: "version",
    }),
  predictionClass: text().default("predictor.Predictor").register(settingMeta, {
    description: "The class of the bundle that predicts.",
    platform: "legacy",
    changes: "version",
  }),
} as const;
