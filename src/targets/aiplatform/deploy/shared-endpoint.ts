import { DeploymentError } from "../../../core/errors.js";
import type { Endpoint } from "../../../core/services.js";
import type { Call } from "../call.js";

/** The settings that an endpoint was made with, and cannot change. */
export function fixedSettings(endpoint: Endpoint) {
  return {
    endpointType: endpoint.dedicatedHost === null ? ("shared" as const) : ("dedicated" as const),
    network: endpoint.network ?? undefined,
    encryptionSpecKeyName: endpoint.encryptionKey ?? undefined,
  };
}

/**
 * The call with the settings that the shared endpoint decides in place of the caller's.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a setting that contradicts the endpoint.
 */
export function onSharedEndpoint(endpoint: Endpoint, call: Call): Call {
  const { settings, given } = call;
  const { endpointType } = settings;
  const actual = fixedSettings(endpoint);
  for (const name of Object.keys(actual) as (keyof typeof actual)[]) {
    if (!given.has(name) || settings[name] === actual[name]) continue;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The endpoint "${endpoint.displayName}" has ${name} ${actual[name] ?? "none"}, not ${settings[name]}. Leave the setting out, or choose another endpoint.`,
    );
  }
  if (endpointType !== "dedicated" && actual.endpointType === "dedicated" && settings.explanationParameters) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The endpoint "${endpoint.displayName}" is dedicated, and explains nothing: leave explanationParameters out.`,
    );
  }
  return { ...call, settings: { ...settings, ...actual } };
}

/**
 * Checks that a deployment can be put on a shared endpoint beside what is there.
 *
 * @throws DeploymentError `FAILED_PRECONDITION`, `INVALID_PARAMETER_VALUE`.
 */
export function checkRoom(endpoint: Endpoint, name: string, { settings }: Call): void {
  const others = endpoint.deployedModels.filter((model) => model.displayName !== name);
  if (endpoint.network !== null && others.length > 0) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `The endpoint "${endpoint.displayName}" is private (network), and Vertex AI lets such endpoints have one deployed model, which it has. Choose another endpoint.`,
    );
  }
  if (others.length === 0 && (settings.trafficPercent ?? 100) < 100) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Nothing else is deployed on the endpoint "${endpoint.displayName}" that could have the other ${100 - (settings.trafficPercent ?? 100)}% of the traffic. Leave trafficPercent out.`,
    );
  }
}

/** A deployment with an endpoint of its own has all of its traffic. */
export function checkOwnTraffic({ settings }: Call): void {
  if (settings.trafficPercent === undefined || settings.trafficPercent === 100) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    "trafficPercent is for deployments that share an endpoint; this one has its own. Make an endpoint with createEndpoint, and name it by endpoint.",
  );
}
