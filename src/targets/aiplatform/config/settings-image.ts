import { z } from "zod";

import { parseImageUri } from "./image-uri.js";
import { settingMeta } from "./setting-meta.js";
import { text, wholeNumber } from "../../settings/values.js";

/** The serving image, and how it is built. */
export const imageSettings = {
  serving: z.enum(["build", "image"]).default("build").register(settingMeta, {
    description: "Where the serving image comes from: build it with Cloud Build, or take imageUri.",
    platform: "vertex",
    changes: "version",
  }),
  imageUri: text().optional().register(settingMeta, {
    description: "An image of your own in Artifact Registry, in the endpoint's region; with serving: image.",
    platform: "vertex",
    changes: "version",
  }),
  baseImage: text().optional().register(settingMeta, {
    description: "The image that the built one starts from.",
    platform: "vertex",
    defaultText: "python:X.Y-slim of the model's own Python",
    changes: "version",
  }),
  imageRepository: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/, "must be 2 to 63 lower-case letters, digits and -")
    .default("mlflow-deployments")
    .register(settingMeta, {
      description: "The Artifact Registry repository of built images; made if absent.",
      platform: "vertex",
    }),
  destinationImageUri: text()
    .refine(
      (uri) => parseImageUri(uri) !== null,
      "must be an image in Artifact Registry, such as europe-west1-docker.pkg.dev/acme/images/serving:v1",
    )
    .optional()
    .register(settingMeta, {
      description:
        "The image that a build pushes, in the endpoint's region, also of another project; its tag is pushed beside the package's own. Takes the place of imageRepository.",
      platform: "vertex",
      changes: "version",
    }),
  buildLocation: text().default("global").register(settingMeta, {
    description: "The region that Cloud Build runs in; some projects may build only in a few.",
    platform: "vertex",
  }),
  buildServiceAccount: text().optional().register(settingMeta, {
    description:
      "The account that builds, with roles/storage.objectViewer, roles/artifactregistry.writer and roles/logging.logWriter.",
    platform: "vertex",
    defaultText: "the project's default account for builds",
  }),
  buildTimeout: wholeNumber(1).default(1800).register(settingMeta, {
    description: "Seconds that a build may take.",
    platform: "vertex",
  }),
} as const;
