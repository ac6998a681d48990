import { quoted } from "../google/log-reader.js";

/** The filter for what the containers of an endpoint wrote. */
export function endpointContainers(endpointId: string): string {
  return `resource.type="aiplatform.googleapis.com/Endpoint" AND resource.labels.endpoint_id=${quoted(endpointId)}`;
}
