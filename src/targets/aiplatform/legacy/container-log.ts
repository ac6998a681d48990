import { quoted } from "../google/log-reader.js";

/** The filter for what the versions of a model wrote. */
export function versionLogs(modelId: string): string {
  return `resource.type="cloudml_model_version" AND resource.labels.model_id=${quoted(modelId)}`;
}
