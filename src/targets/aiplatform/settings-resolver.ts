import type { ModelResolver } from "../../core/services.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import { GoogleConnection } from "./google/connection.js";
import { modelResolver } from "../model-resolver.js";
import { storageConnection } from "./platform-independent.js";

/**
 * The resolver of a call that needs no project. Google Cloud is only asked, and credentials only looked for, when the model
 * is in a bucket.
 */
export function settingsResolver(settings: AiPlatformSettings): ModelResolver {
  const { emulatorHost, allowRemoteEmulator, keyFilename, projectId, trackingUri, registryUri } = settings;
  const connection = new GoogleConnection({ emulatorHost, allowRemoteEmulator, keyFilename, projectId });
  return modelResolver({ trackingUri, registryUri }, storageConnection(connection));
}
