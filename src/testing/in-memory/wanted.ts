import { DeploymentError } from "../../core/errors.js";
import { canonicalJson, sha256 } from "../../core/hash.js";
import type { CreateDeploymentOptions } from "../../core/options.js";
import type { InMemoryConfig, InMemoryOptions } from "./options.js";
import type { MemoryDeployment, MemoryState } from "./state.js";

/** What a call wants a deployment to be. */
export interface Wanted {
  name: string;
  modelUri: string;
  flavor: string | null;
  /** The id of the shared endpoint; null for one of the deployment's own. */
  endpoint: string | null;
  settings: Record<string, unknown>;
}

/** Settings of a call, and not of the deployment. */
const ofTheCall: ReadonlySet<string> = new Set(["sync", "trafficPercent", "trafficSplit"]);

/** What `createDeployment` wants, checked as a platform would: nothing is begun before this is right. */
export function wantedByCreate(
  options: CreateDeploymentOptions<InMemoryConfig>,
  state: MemoryState,
  flavors: InMemoryOptions["flavors"],
): Wanted {
  const name = checkedName(options.name);
  if (!options.modelUri) throw invalid("The parameter modelUri is missing.");
  checkModel(options.modelUri, options.flavor, flavors);
  return {
    name,
    modelUri: options.modelUri,
    flavor: options.flavor ?? null,
    endpoint: options.endpoint === undefined ? null : state.endpoint(options.endpoint).id,
    settings: settingsOf(options.config),
  };
}

/** What `updateDeployment` wants: what is there, with what the call names in its place. */
export function wantedByUpdate(
  options: CreateDeploymentOptions<InMemoryConfig>,
  current: MemoryDeployment,
  flavors: InMemoryOptions["flavors"],
): Wanted {
  if (options.flavor !== undefined && options.modelUri === undefined) {
    throw invalid("The parameter flavor needs modelUri: it is the new model that must have the flavor.");
  }
  if (options.modelUri !== undefined) checkModel(options.modelUri, options.flavor, flavors);
  return {
    name: current.name,
    modelUri: options.modelUri ?? current.version.modelUri,
    flavor: options.flavor ?? current.flavor,
    endpoint: current.endpoint,
    settings: { ...current.settings, ...settingsOf(options.config) },
  };
}

/** What differs between a deployment and what a call wants, a line each. */
export function differences(current: MemoryDeployment, shared: boolean, wanted: Wanted): string[] {
  const endpoint = shared ? current.endpoint : null;
  const { modelUri } = current.version;
  const names = [...new Set([...Object.keys(current.settings), ...Object.keys(wanted.settings)])];
  return [
    ...(modelUri === wanted.modelUri ? [] : [`model: ${modelUri} → ${wanted.modelUri}`]),
    ...(endpoint === wanted.endpoint || current.endpoint === wanted.endpoint
      ? []
      : [`endpoint: ${endpoint ?? "its own"} → ${wanted.endpoint ?? "its own"}`]),
    ...names
      .filter((name) => canonicalJson([current.settings[name]]) !== canonicalJson([wanted.settings[name]]))
      .map((name) => `${name}: ${show(current.settings[name])} → ${show(wanted.settings[name])}`),
  ];
}

/** The name of a deployment or an endpoint. */
export function checkedName(name: unknown): string {
  if (typeof name === "string" && /^\P{Cc}{1,128}$/u.test(name) && name.trim() === name) return name;
  throw invalid(
    `The name ${JSON.stringify(name) ?? "undefined"} must have 1 to 128 characters, none of them a control character, and no space at either end.`,
  );
}

/** The settings of `config` that a deployment or an endpoint keeps. */
export function settingsOf(config: InMemoryConfig | undefined): Record<string, unknown> {
  const entries = Object.entries(config ?? {}).filter(([name, value]) => value !== undefined && !ofTheCall.has(name));
  return structuredClone(Object.fromEntries(entries));
}

/** The hash of what is served. */
export function specHash(modelUri: string, settings: Record<string, unknown>): string {
  return sha256(canonicalJson({ modelUri, settings }));
}

/** Refuses a model that is not there, or lacks the flavor. */
export function checkModel(modelUri: string, flavor: string | undefined, flavorsOf: InMemoryOptions["flavors"]): void {
  const flavors = flavorsOf ? flavorsOf(modelUri) : ["python_function"];
  if (!flavors) throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no model at ${modelUri}.`);
  if (flavor === undefined || flavors.includes(flavor)) return;
  throw invalid(`The model at ${modelUri} has no flavor "${flavor}". It has: ${flavors.join(", ")}.`);
}

function show(value: unknown): string {
  return value === undefined ? "none" : typeof value === "string" ? value : canonicalJson(value);
}

function invalid(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
