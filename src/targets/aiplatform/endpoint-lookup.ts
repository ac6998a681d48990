import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";
import { managedBy } from "./spec.js";

/** Whether an endpoint was made by `createEndpoint`: one that a deployment owns has its name in a label. */
export function isShared(endpoint: Endpoint): boolean {
  return endpoint.labels["managed-by"] === managedBy && endpoint.labels["deployment"] === undefined;
}

/**
 * The endpoint that a caller names: by the name that `createEndpoint` was given, by its id, or by its full name. Null when
 * there is none.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a full name of another project or location.
 */
export async function findEndpoint(name: string, call: Call): Promise<Endpoint | null> {
  const { endpointManager } = call.services;
  for (const id of candidateIds(name, call)) {
    const endpoint = await endpointManager.find(id, call.context);
    if (endpoint) return endpoint;
  }
  return null;
}

/**
 * The shared endpoint that a caller names.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `FAILED_PRECONDITION` for one that a deployment owns, and for one that
 * this package did not make.
 */
export async function sharedEndpoint(name: string, call: Call): Promise<Endpoint> {
  const endpoint = await findEndpoint(name, call);
  if (!endpoint) throw noEndpoint(name);
  if (isShared(endpoint)) return endpoint;
  const isOurs = endpoint.labels["managed-by"] === managedBy;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    isOurs
      ? `The endpoint "${name}" belongs to the deployment "${endpoint.displayName}" alone. Make one to share with createEndpoint.`
      : `The endpoint "${name}" was not made by this package. Give it the label managed-by=${managedBy} to let deployments share it, or make one with createEndpoint.`,
  );
}

/** The error for an endpoint that is not there. */
export function noEndpoint(name: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no endpoint "${name}". listEndpoints shows those that deployments share, createEndpoint makes one.`,
  );
}

/** Whether `name` is the endpoint's id or one of its names. */
export function isNamed(endpoint: Endpoint, name: string, { settings }: Call): boolean {
  if (endpoint.id === name || endpoint.name === name) return true;
  if (name.includes("/")) return endpoint.id === partsOf(name, settings)?.id;
  return isShared(endpoint) && endpoint.displayName === name;
}

/** The ids that a name may mean, the likelier first: one that ends as this package's and Google's own ids do is an id. */
function candidateIds(name: string, { services, settings }: Call): string[] {
  if (name.includes("/")) return [idOfFullName(name, settings)];
  const derived = services.names.sharedEndpointId(name);
  // Vertex AI's rule for endpoint ids, and for the numbers that it gives
  if (!/^([a-z][a-z0-9-]{0,62}|\d{1,20})$/.test(name)) return [derived];
  return /(^|-)([0-9a-f]{8}|\d{8,})$/.test(name) ? [name, derived] : [derived, name];
}

function idOfFullName(name: string, settings: Call["settings"]): string {
  const parts = partsOf(name, settings);
  if (!parts) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The endpoint "${name}" must be a name, an id, or projects/PROJECT/locations/REGION/endpoints/ID.`,
    );
  }
  if (parts.id !== null) return parts.id;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The endpoint "${name}" is not in project ${settings.projectId} and location ${settings.location}. Set projectId and location to its own.`,
  );
}

/** What a full name says: the id, null where it is of another project or location. Null when it is no full name. */
function partsOf(name: string, settings: Call["settings"]): { id: string | null } | null {
  const parts = /^projects\/([^/]+)\/locations\/([^/]+)\/endpoints\/([^/]+)$/.exec(name);
  if (!parts) return null;
  const [, project, location, id] = parts as unknown as [string, string, string, string];
  // a project may be named by its number, which is not known here
  const elsewhere = location !== settings.location || (!/^\d+$/.test(project) && project !== settings.projectId);
  return { id: elsewhere ? null : id };
}
