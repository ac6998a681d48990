import type { DeployedModel } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { DeploymentSpec } from "../../core/record.js";
import type { Endpoint, StoredRecord } from "../../core/services.js";
import type { Call } from "./call.js";
import { isShared, sharedEndpoint } from "./endpoint-lookup.js";
import { managedBy } from "./spec.js";

/** What the platform and the record show of a deployment. */
export interface Observed {
  name: string;
  stored: StoredRecord | null;
  /** The endpoint that it is on; null when there is none. */
  endpoint: Endpoint | null;
  /** Whether that endpoint is one that deployments share. */
  shared: boolean;
  /** What is deployed of it. */
  deployed: DeployedModel[];
}

/** How many failed attempts to deploy a spec are known again when the record that counted them is lost. */
const knownAttempts = 32;

/**
 * Reads what there is of a deployment.
 *
 * @param endpointName - The endpoint that the caller says it is on. Null: its record says where, or else its own is looked
 * for, and then one that it shares.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is no such endpoint.
 */
export async function observe(name: string, endpointName: string | null, call: Call): Promise<Observed> {
  // The record first: whoever changes the endpoint after this read has changed the record too, and the lock is refused.
  const stored = await call.services.deploymentStore.read(name, call.context);
  const endpoint = await endpointOf(name, endpointName, stored, call);
  return observed(name, stored, endpoint);
}

/** What `observe` gives, of an endpoint that was read just now. */
export function observed(name: string, stored: StoredRecord | null, endpoint: Endpoint | null): Observed {
  const deployed = (endpoint?.deployedModels ?? []).filter((model) => model.displayName === name);
  return { name, stored, endpoint, shared: endpoint !== null && isShared(endpoint), deployed };
}

/** Which attempt to deploy a spec is on the endpoint; null when none is. */
export function deployedAttempt({ name, deployed }: Observed, spec: DeploymentSpec, { services }: Call): number | null {
  const ids = new Set(deployed.map((model) => model.id));
  for (let attempt = 0; attempt < knownAttempts; attempt++) {
    if (ids.has(services.names.deployedModelId(name, spec.specHash, attempt))) return attempt;
  }
  return null;
}

async function endpointOf(
  name: string,
  endpointName: string | null,
  stored: StoredRecord | null,
  call: Call,
): Promise<Endpoint | null> {
  const { services, context } = call;
  const { endpointManager, names } = services;
  if (endpointName !== null) return sharedEndpoint(endpointName, call);
  const recorded = stored?.record.deletedAt === null ? stored.record.endpoint : null;
  if (recorded !== null) return endpointManager.find(recorded, context);
  const own = await endpointManager.find(names.endpointId(name), context);
  if (own) return refuseForeign(name, own);
  return stored && stored.record.deletedAt === null ? null : sharedBy(name, call);
}

/** Where no record says it: the shared endpoint on which something is deployed under the name. */
async function sharedBy(name: string, { services, context }: Call): Promise<Endpoint | null> {
  const endpoints = (await services.endpointManager.list(context)).filter(isShared);
  const having = endpoints.filter(({ deployedModels }) => deployedModels.some((model) => model.displayName === name));
  if (having.length <= 1) return having[0] ?? null;
  throw new DeploymentError(
    "RESOURCE_CONFLICT",
    `The deployment "${name}" is on several endpoints (${having.map(({ id }) => id).join(", ")}), and no record says which. Name one by endpoint.`,
  );
}

function refuseForeign(name: string, endpoint: Endpoint): Endpoint {
  if (endpoint.labels["managed-by"] === managedBy && endpoint.displayName === name) return endpoint;
  throw new DeploymentError(
    "RESOURCE_CONFLICT",
    `The endpoint ${endpoint.name} has the id of the deployment "${name}", but its label managed-by or its display name says that it is not of this package. Restore them, or choose another name.`,
  );
}
