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
  checkInputs: flag().default(true).register(settingMeta, {
    description:
      "Whether rows are checked against the model's signature before they are sent, with the same words as the model's server has. It is read once, from the model's MLmodel file in the bucket.",
  }),
  splitRequests: flag().default(true).register(settingMeta, {
    description:
      "Whether rows that are too many bytes for one prediction request go in several. Switch it off for a model that looks across the rows of a request.",
  }),
  sync: flag().default(true).register(settingMeta, {
    description:
      "Whether the call waits for its end. With false it returns at once with an operation, and goes on in this process; a batch prediction goes on by itself.",
  }),
} as const;
