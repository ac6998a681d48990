import type { Platform } from "../service-cache.js";
import { legacyServices, legacyServiceSettings } from "./services.js";
import { legacySettings } from "./settings.js";

/** AI Platform Prediction. */
export const legacyPlatform: Platform = {
  settings: legacySettings,
  services: (settings, connection, mlflow) => {
    const madeFor = legacyServiceSettings(settings);
    return { madeFor, make: () => legacyServices(madeFor, connection, mlflow) };
  },
};
