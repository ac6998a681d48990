import type { Platform } from "../service-cache.js";
import { vertexServices, vertexServiceSettings } from "./services.js";

/** Vertex AI. */
export const vertexPlatform: Platform = {
  settings: ({ settings }) => settings,
  services: (settings, connection, mlflow) => {
    const madeFor = vertexServiceSettings(settings);
    return { madeFor, make: () => vertexServices(madeFor, connection, mlflow) };
  },
};
