import { z } from "zod";

import { settingMeta } from "./setting-meta.js";
import { text, wholeNumber } from "../../settings/values.js";
import { percent, split } from "./setting-values.js";

/** The endpoint and its traffic. */
export const endpointSettings = {
  endpointType: z.enum(["shared", "dedicated"]).default("shared").register(settingMeta, {
    description:
      "shared: requests up to 1.5 MB and 60 s through Google's shared host. dedicated: a host of its own, 10 MB and up to an hour.",
    platform: "vertex",
    changes: "endpoint",
  }),
  network: z
    .string()
    .regex(
      /^projects\/\d+\/global\/networks\/[a-z0-9-]+$/,
      "must be a network by its full name, projects/NUMBER/global/networks/NAME, with the project's number",
    )
    .optional()
    .register(settingMeta, {
      description: "The network that the endpoint is reached through, and nothing else; peered with Vertex AI's.",
      platform: "vertex",
      changes: "endpoint",
    }),
  endpointDescription: text().optional().register(settingMeta, {
    description: "The endpoint's description.",
    changes: "inPlace",
  }),
  inferenceTimeout: wholeNumber(1, 3600).optional().register(settingMeta, {
    description: "Seconds that one prediction may take on a dedicated endpoint, up to 3600.",
    platform: "vertex",
    defaultText: "Vertex AI's own, 600",
    changes: "inPlace",
  }),
  trafficPercent: percent().optional().register(settingMeta, {
    description:
      "The deployment's share of the traffic of the endpoint that it shares; the others keep their proportions in the rest.",
    platform: "vertex",
    defaultText: "100 on an endpoint without traffic, else as it is, or 0 for a new deployment",
  }),
  trafficSplit: split().optional().register(settingMeta, {
    description: "For updateEndpoint: the share of each deployment of the endpoint, by its name.",
    platform: "vertex",
  }),
  drainSeconds: wholeNumber(0).default(10).register(settingMeta, {
    description:
      "Seconds between moving the traffic to a new deployed model and undeploying the old, for the platform's routers to follow.",
  }),
} as const;
