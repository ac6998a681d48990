import { z } from "zod";

import { settingMeta } from "./setting-meta.js";
import { flag, wholeNumber } from "../../settings/values.js";

/** How a call behaves. */
export const callSettings = {
  deployTimeout: wholeNumber(1, 7200)
    .default(1800)
    .register(settingMeta, {
      description:
        "Seconds that each operation of the platform may take (endpoint, version, deploy, undeploy) and that the container may take to get healthy; at most 7200.",
      aliases: ["endpointDeployTimeout"],
    }),
  ifExists: z.enum(["return", "error"]).default("return").register(settingMeta, {
    description: "What createDeployment does when the very same deployment is there already; error is MLflow's way.",
  }),
  deleteModel: flag().default(false).register(settingMeta, {
    description: "Whether deleteDeployment deletes the model's versions of this deployment as well.",
  }),
  sync: flag().default(true).register(settingMeta, {
    description:
      "Whether the call waits for its end. With false it returns at once with an operation, and goes on in this process; a batch prediction goes on by itself.",
  }),
} as const;
