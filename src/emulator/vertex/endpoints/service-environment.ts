/** What Vertex AI tells a container, from "Custom container requirements for inference". */
import { type Deployment, idOf } from "./endpoint-record.js";

/** A DeployedModel as far as its container's routes are about it. */
type Routed = Pick<Deployment, "endpoint" | "deployed" | "version">;

/** Path of health checks; the default is Vertex AI's. */
export function healthRoute({ endpoint, deployed, version }: Routed): string {
  return version.containerSpec.healthRoute ?? `/v1/endpoints/${idOf(endpoint)}/deployedModels/${deployed.id}`;
}

/** Path of predictions; the default is Vertex AI's. */
export function predictRoute({ endpoint, deployed, version }: Routed): string {
  return version.containerSpec.predictRoute ?? `/v1/endpoints/${idOf(endpoint)}/deployedModels/${deployed.id}:predict`;
}

/** The `AIP_*` variables. @param port Of this process alone: containers share this machine's network. */
export function serviceEnvironment(deployment: Deployment, port: number): Record<string, string> {
  const { endpoint, deployed, version, location } = deployment;
  const { machineType = "", acceleratorType = "" } = deployed.dedicatedResources.machineSpec;
  return {
    AIP_HTTP_PORT: String(port),
    AIP_HEALTH_ROUTE: healthRoute(deployment),
    AIP_PREDICT_ROUTE: predictRoute(deployment),
    AIP_STORAGE_URI: version.artifacts ? `gs://${version.artifacts.bucket}/${version.artifacts.prefix}` : "",
    AIP_MODE: "PREDICTION",
    AIP_MODE_VERSION: "1.0.0",
    AIP_FRAMEWORK: "CUSTOM_CONTAINER",
    AIP_PROJECT_NUMBER: location.projectNumber,
    AIP_ENDPOINT_ID: idOf(endpoint),
    AIP_DEPLOYED_MODEL_ID: deployed.id,
    // "for compatibility", these two repeat the ids
    AIP_MODEL_NAME: idOf(endpoint),
    AIP_VERSION_NAME: deployed.id,
    AIP_MACHINE_TYPE: machineType,
    AIP_ACCELERATOR_TYPE: acceleratorType,
  };
}
