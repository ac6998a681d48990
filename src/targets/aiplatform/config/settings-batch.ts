import { z } from "zod";

import { text, wholeNumber } from "../../settings/values.js";
import { settingMeta } from "./setting-meta.js";

/**
 * Batch predictions. Their machines are those of `machineType`, `acceleratorType`, `minReplicaCount` (at the start) and
 * `maxReplicaCount`, and run as `serviceAccount`.
 */
export const batchSettings = {
  batchSize: wholeNumber(1).optional().register(settingMeta, {
    description: "For predictBatch: rows that a machine is sent at a time.",
    platform: "vertex",
    defaultText: "Vertex AI's own, 64",
  }),
  batchKeyField: text().optional().register(settingMeta, {
    description:
      "For predictBatch: the field of each row that stands beside its prediction in place of the row, and is not sent to the model.",
    platform: "vertex",
  }),
  batchInstanceType: z.enum(["object", "array"]).optional().register(settingMeta, {
    description:
      "For predictBatch: whether the model is sent each row as an object, by the names of the columns, or as an array. Not for CSV.",
    platform: "vertex",
    defaultText: "object for a BigQuery table, else each row as it is written",
  }),
} as const;
