import { DeploymentError } from "../../core/errors.js";
import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import type { Call } from "./call.js";

export async function createEndpoint(_name: string, _call: Call): Promise<ServingEndpoint> {
  throw new DeploymentError("NOT_IMPLEMENTED", "createEndpoint is being written.");
}

export async function updateEndpoint(_endpoint: string, _call: Call): Promise<ServingEndpoint> {
  throw new DeploymentError("NOT_IMPLEMENTED", "updateEndpoint is being written.");
}

export async function deleteEndpoint(_endpoint: string, _call: Call): Promise<void> {
  throw new DeploymentError("NOT_IMPLEMENTED", "deleteEndpoint is being written.");
}

export async function listEndpoints(_call: Call): Promise<ServingEndpoint[]> {
  throw new DeploymentError("NOT_IMPLEMENTED", "listEndpoints is being written.");
}

export async function getEndpoint(_endpoint: string, _call: Call): Promise<ServingEndpoint> {
  throw new DeploymentError("NOT_IMPLEMENTED", "getEndpoint is being written.");
}
