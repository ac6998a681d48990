import type { DeployedModel } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { DeploymentRecord, DeploymentSpec } from "../../core/record.js";
import type { Endpoint, StoredRecord } from "../../core/services.js";
import { attemptNumbers } from "../../rollout/attempts.js";
import type { Call } from "./call.js";
import { isNamed, isShared } from "./endpoint-lookup.js";
import type { PlatformNames } from "./services.js";
import { managedBy } from "./spec.js";

/** What there is of a deployment. */
export interface DeploymentView {
  name: string;
  /** Null where there is none, or it is not known. */
  record: DeploymentRecord | null;
  /** The endpoint that it is on; null when there is none. */
  endpoint: Endpoint | null;
  /** Whether that endpoint is another than the one that the deployment would own. */
  shared: boolean;
  /** What is deployed of it. */
  deployed: DeployedModel[];
  /** Of these, the one that most of its requests go to; null when nothing is deployed. */
  serving: DeployedModel | null;
  /** What that one was made from; null where no record tells it. */
  spec: DeploymentSpec | null;
}

/** What the platform and the record show of a deployment. */
export interface Observed extends DeploymentView {
  /** The record as it was read, over which the next one is written. */
  stored: StoredRecord | null;
}

/**
 * Reads what there is of a deployment: its record says where it is, or else its own endpoint is looked for, and then others.
 *
 * @param endpoint - The endpoint that the caller says it is on, where the record is lost and several have its name.
 */
export async function observe(name: string, call: Call, endpoint?: string): Promise<Observed> {
  // The record first: whoever changes the endpoint after this read has changed the record too, and the lock is refused.
  const stored = await call.services.deploymentStore.read(name, call.context);
  return observedOn(await endpointOf(name, stored, call, endpoint), { name, stored }, call);
}

/** What {@link observe} gives, of an endpoint that was read just now. */
export function observedOn(
  endpoint: Endpoint | null,
  { name, stored }: Pick<Observed, "name" | "stored">,
  { services }: Call,
): Observed {
  return { ...viewOf(name, stored?.record ?? null, endpoint, services.names), stored };
}

/** What a record and an endpoint show of a deployment. */
export function viewOf(
  name: string,
  record: DeploymentRecord | null,
  endpoint: Endpoint | null,
  names: PlatformNames,
): DeploymentView {
  const deployed = (endpoint?.deployedModels ?? []).filter((model) => model.displayName === name);
  const serving = deployed.toSorted((a, b) => b.trafficPercent - a.trafficPercent)[0] ?? null;
  // by the id, which nobody can change as they can a label
  const shared = endpoint !== null && endpoint.id !== names.endpointId(name);
  return { name, record, endpoint, shared, deployed, serving, spec: servedSpec(name, record, serving, names) };
}

/** Which attempt to deploy a spec is on the endpoint; null when none is. */
export function deployedAttempt({ name, deployed }: DeploymentView, spec: DeploymentSpec, { services }: Call) {
  return attemptAmong(deployed, name, spec, services.names);
}

/** The spec of what serves, and not of what should: while an update is unfinished, it may be that of the new or of the old. */
function servedSpec(
  name: string,
  record: DeploymentRecord | null,
  serving: DeployedModel | null,
  names: PlatformNames,
): DeploymentSpec | null {
  if (!record || !serving) return record?.spec ?? null;
  const known = [record.spec, record.update?.spec ?? null].filter((spec) => spec !== null);
  return known.find((spec) => attemptAmong([serving], name, spec, names) !== null) ?? null;
}

function attemptAmong(
  deployed: DeployedModel[],
  name: string,
  { specHash }: DeploymentSpec,
  names: PlatformNames,
): number | null {
  const ids = new Set(deployed.map((model) => model.id));
  if (ids.size === 0) return null;
  for (let attempt = 0; attempt < attemptNumbers; attempt++) {
    if (ids.has(names.deployedModelId(name, specHash, attempt))) return attempt;
  }
  return null;
}

async function endpointOf(
  name: string,
  stored: StoredRecord | null,
  call: Call,
  named: string | undefined,
): Promise<Endpoint | null> {
  const { services, context } = call;
  const { endpointManager, names } = services;
  const record = stored?.record.deletedAt === null ? stored.record : null;
  if (record !== null && record.endpoint !== null) return endpointManager.find(record.endpoint, context);
  const own = await endpointManager.find(names.endpointId(name), context);
  if (own) return refuseForeign(name, own);
  return record ? null : sharedBy(name, call, named);
}

/** Where no record says it: the shared endpoint on which something is deployed under the name. */
async function sharedBy(name: string, call: Call, named: string | undefined): Promise<Endpoint | null> {
  const endpoints = (await call.services.endpointManager.list(call.context)).filter(
    (endpoint) => isShared(endpoint) && (named === undefined || isNamed(endpoint, named, call)),
  );
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
