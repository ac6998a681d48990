import type { DeployedModel } from "../../core/deployment.js";
import { sortedByName } from "../../core/sorted-by-name.js";
import { DeploymentError } from "../../core/errors.js";
import type { Endpoint, EndpointChange } from "../../core/services.js";
import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import { sameSplit, type TrafficSplit } from "../../rollout/traffic-split.js";
import type { Call } from "./call.js";
import { changeEndpoint } from "./change-endpoint.js";
import { checkSettings } from "./config/load-settings.js";
import { fixedSettings } from "./deploy/shared-endpoint.js";
import { findEndpoint, isShared, sharedEndpoint } from "./endpoint-lookup.js";
import { forgetEndpoint } from "./prediction-endpoint.js";
import { sharedEndpointLabels, userLabelsOf } from "./spec.js";

/** Makes an endpoint that deployments share; gives the one that is there, where it is the same. */
export async function createEndpoint(name: string, call: Call): Promise<ServingEndpoint> {
  const { services, settings, context } = call;
  const { endpointManager, names } = services;
  const id = names.sharedEndpointId(name);
  const labels = sharedEndpointLabels(settings);
  const there = await endpointManager.find(id, context);
  if (there) return describeEndpoint(sameEndpoint(name, there, call));
  const wait = { signal: context.signal, timeoutSeconds: settings.deployTimeout };
  context.report({ type: "step", step: "endpoint", status: "started", message: `the endpoint ${id}` });
  try {
    const operation = await endpointManager.create(
      {
        id,
        displayName: name,
        labels,
        dedicated: settings.endpointType === "dedicated",
        encryptionKey: settings.encryptionSpecKeyName ?? null,
        network: settings.network ?? null,
        description: settings.endpointDescription ?? null,
        inferenceTimeout: settings.inferenceTimeout ?? null,
      },
      context,
    );
    const made = await operation.wait(wait);
    context.report({ type: "step", step: "endpoint", status: "done", message: `the endpoint ${id}` });
    return describeEndpoint(made);
  } catch (error) {
    // a repeated request meets its own first one, whose answer was lost, or another process was first
    if (!DeploymentError.is(error) || error.code !== "RESOURCE_ALREADY_EXISTS") throw error;
    return describeEndpoint(sameEndpoint(name, await made(id, call), call));
  }
}

/** Changes traffic split, description, labels or timeout of a shared endpoint; what the call does not name stays. */
export async function updateEndpoint(name: string, call: Call): Promise<ServingEndpoint> {
  const { settings, given, context } = call;
  let endpoint = await sharedEndpoint(name, call);
  refuseFixed(endpoint, call);
  checkSettings({ ...settings, ...fixedSettings(endpoint) });
  const change: EndpointChange = {
    ...(given.has("labels") && { labels: sharedEndpointLabels(settings) }),
    ...(given.has("endpointDescription") && { description: settings.endpointDescription ?? "" }),
    ...(given.has("inferenceTimeout") &&
      settings.inferenceTimeout !== undefined && { inferenceTimeout: settings.inferenceTimeout }),
  };
  if (settings.trafficSplit) endpoint = await splitTraffic(endpoint.id, settings.trafficSplit, call);
  if (Object.keys(change).length > 0) {
    endpoint = await changeEndpoint(
      endpoint.id,
      (current) => call.services.endpointManager.update(current, change, context),
      call,
    );
    const message = `the endpoint ${endpoint.id}: ${Object.keys(change).join(", ")}`;
    context.report({ type: "step", step: "settings", status: "done", message });
  }
  forgetEndpoint(endpoint.id, call.services);
  return describeEndpoint(endpoint);
}

/** Deletes a shared endpoint on which nothing is deployed. */
export async function deleteEndpoint(name: string, call: Call): Promise<void> {
  const { services, settings, context } = call;
  if (!(await findEndpoint(name, call))) {
    context.report({ type: "step", step: "delete", status: "skipped", message: `there is no endpoint "${name}"` });
    return;
  }
  const endpoint = await sharedEndpoint(name, call);
  const deployments = [...new Set(endpoint.deployedModels.map((model) => model.displayName))];
  if (deployments.length > 0) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The endpoint "${name}" has deployments: ${deployments.join(", ")}. Call deleteDeployment for each of them first.`,
    );
  }
  const operation = await services.endpointManager.delete(endpoint, context);
  await operation.wait({ signal: context.signal, timeoutSeconds: settings.deployTimeout });
  forgetEndpoint(endpoint.id, services);
  context.report({ type: "step", step: "delete", status: "done", message: `the endpoint ${endpoint.id}` });
}

/** The endpoints that deployments share, sorted by name. */
export async function listEndpoints({ services, context }: Call): Promise<ServingEndpoint[]> {
  const endpoints = await services.endpointManager.list(context);
  return sortedByName(endpoints.filter(isShared).map(describeEndpoint));
}

/** One shared endpoint. */
export async function getEndpoint(name: string, call: Call): Promise<ServingEndpoint> {
  return describeEndpoint(await sharedEndpoint(name, call));
}

function describeEndpoint(endpoint: Endpoint): ServingEndpoint {
  const { id, name, displayName, description, labels, deployedModels, dedicatedHost, createTime } = endpoint;
  const traffic: Record<string, number> = {};
  for (const model of deployedModels) {
    traffic[model.displayName] = (traffic[model.displayName] ?? 0) + model.trafficPercent;
  }
  return {
    name: displayName,
    id,
    resourceName: name,
    description,
    labels: userLabelsOf(labels),
    deployedModels,
    traffic,
    dedicatedHost,
    createTime,
  };
}

/** Gives each deployment the share that was asked for; those that are not named have none. */
function splitTraffic(id: string, shares: Record<string, number>, call: Call): Promise<Endpoint> {
  const change = async (endpoint: Endpoint) => {
    const split = splitOf(endpoint, shares);
    if (sameSplit(split, endpoint.trafficSplit)) return endpoint;
    const changed = await call.services.endpointManager.setTraffic(endpoint, split, call.context);
    const message = Object.entries(shares).map(([deployment, share]) => `${deployment} ${share}%`);
    call.context.report({ type: "step", step: "traffic", status: "done", message: message.join(", ") });
    return changed;
  };
  return changeEndpoint(id, change, call);
}

function splitOf(endpoint: Endpoint, shares: Record<string, number>): TrafficSplit {
  const split: TrafficSplit = {};
  for (const [deployment, share] of Object.entries(shares)) {
    const model = servingModel(endpoint, deployment);
    if (!model) {
      const there = [...new Set(endpoint.deployedModels.map((each) => each.displayName))];
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `trafficSplit names "${deployment}", which is not on the endpoint "${endpoint.displayName}". ${there.length > 0 ? `There are: ${there.join(", ")}.` : "Nothing is deployed on it."}`,
      );
    }
    split[model.id] = share;
  }
  return split;
}

/** While a deployment is updated it has two: the share is that of the one that has traffic. */
function servingModel(endpoint: Endpoint, deployment: string): DeployedModel | undefined {
  return endpoint.deployedModels
    .filter((model) => model.displayName === deployment)
    .toSorted((a, b) => b.trafficPercent - a.trafficPercent)[0];
}

/** The endpoint of another process or of an earlier request, as soon as it shows. */
async function made(id: string, { services, settings, context }: Call): Promise<Endpoint> {
  for (const operation of (await services.endpointManager.running(id, context)) ?? []) {
    await operation.wait({ signal: context.signal, timeoutSeconds: settings.deployTimeout });
  }
  const endpoint = await services.endpointManager.find(id, context);
  if (endpoint) return endpoint;
  throw new DeploymentError(
    "RESOURCE_CONFLICT",
    `The endpoint ${id} is being made by another process. Run the same call again.`,
    { retryable: true },
  );
}

/** Where a call contradicts what an endpoint cannot change once it is made. */
function fixedDifferences(endpoint: Endpoint, { settings, given }: Call): string[] {
  const fixed = fixedSettings(endpoint);
  return (Object.keys(fixed) as (keyof typeof fixed)[]).flatMap((name) =>
    given.has(name) && fixed[name] !== settings[name] ? [`${name}: ${fixed[name] ?? "none"} → ${settings[name]}`] : [],
  );
}

function refuseFixed(endpoint: Endpoint, call: Call): void {
  const differences = fixedDifferences(endpoint, call);
  if (differences.length === 0) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `An endpoint cannot change what it was made with: ${differences.join("; ")}. Make another one with createEndpoint.`,
  );
}

function sameEndpoint(name: string, endpoint: Endpoint, call: Call): Endpoint {
  const differences = isShared(endpoint) ? fixedDifferences(endpoint, call) : ["it is not of this package"];
  if (differences.length === 0 && call.settings.ifExists === "return") return endpoint;
  const what = differences.length > 0 ? ` What differs: ${differences.join("; ")}.` : "";
  throw new DeploymentError(
    "RESOURCE_ALREADY_EXISTS",
    `The endpoint "${name}" is there already.${what} Choose another name.`,
  );
}
