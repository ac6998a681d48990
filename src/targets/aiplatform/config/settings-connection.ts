import { settingMeta } from "./setting-meta.js";
import { flag, text } from "../../settings/values.js";

/** How Google is reached, and as whom. */
export const connectionSettings = {
  keyFilename: text().optional().register(settingMeta, {
    description: "A file of Google credentials.",
    defaultText: "Application Default Credentials",
  }),
  emulatorHost: text()
    .optional()
    .register(settingMeta, {
      description:
        "HOST:PORT of an emulator to use in place of Google Cloud, for every service. No credentials are sent to it.",
      env: ["AIPLATFORM_EMULATOR_HOST"],
    }),
  allowRemoteEmulator: flag()
    .default(false)
    .register(settingMeta, {
      description: "Whether the emulator may be on another machine.",
      env: ["AIPLATFORM_EMULATOR_ALLOW_REMOTE"],
    }),
} as const;
