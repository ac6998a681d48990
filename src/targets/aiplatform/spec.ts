import { DeploymentError } from "../../core/errors.js";
import { canonicalJson, sha256 } from "../../core/hash.js";
import type { DeploymentSpec } from "../../core/record.js";
import { type SettingChange, settingMeta } from "./config/setting-meta.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import { type SettingName, settingsShape } from "./config/settings.js";
import { customInputsLabel } from "./custom-inputs.js";
import type { PlatformNames } from "./services.js";
import { maskedValues } from "../masked-values.js";

/** Labels that this package sets; the user's own may not have their names. */
const reservedLabels = [
  "managed-by",
  "deployment",
  "spec-hash",
  "environment-hash",
  "batch-hash",
  customInputsLabel,
] as const;

/** The value of the label `managed-by`. */
export const managedBy = "mlflow-deployments";

/** The settings of an endpoint, which a deployment has only where it owns one. */
const belongsToEndpoint: ReadonlySet<string> = new Set<SettingName>([
  "endpointType",
  "network",
  "encryptionSpecKeyName",
  "endpointDescription",
  "inferenceTimeout",
]);

/** How much of a hash a label holds: a label's value has at most 63 characters. */
const labelHashLength = 40;

/** What a deployment is made of, but for its settings. */
export type SpecParts = Omit<DeploymentSpec, "specHash" | "settings">;

/**
 * What a deployment is made of: its name, the environment, the model's files, and the settings that what is served depends
 * on. Those that can change while it serves are no part of the hash.
 *
 * @param sharedEndpoint - The id of the endpoint that it shares; null for one of its own.
 */
export function deploymentSpec(
  name: string,
  parts: SpecParts,
  settings: AiPlatformSettings,
  sharedEndpoint: string | null,
): DeploymentSpec {
  const chosen = specSettings(settings, sharedEndpoint);
  const { environmentHash, modelHash, flavor } = parts;
  const hashed = Object.entries(chosen).filter(([name]) => isHashed(name));
  const specHash = sha256(canonicalJson([name, environmentHash, modelHash, flavor, Object.fromEntries(hashed)]));
  return { ...parts, specHash, settings: chosen };
}

/** What it takes to change a setting of a spec, by its name there. */
export function changeOf(name: string): SettingChange {
  if (!(name in settingsShape)) return "endpoint"; // the shared endpoint
  return settingMeta.get(settingsShape[name as SettingName])?.changes ?? "endpoint";
}

/** Whether a setting has the same value in two specs; one without it is as one with null. */
export function isSameSetting(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}

function isHashed(name: string): boolean {
  return !["inPlace", "environment"].includes(changeOf(name));
}

/** Whether labels say that a deployment made what has them. */
export function isOfDeployment(labels: Record<string, string>, name: string, names: PlatformNames): boolean {
  return labels["managed-by"] === managedBy && labels["deployment"] === names.labelValue(name);
}

/** Whether labels say that what has them was made of a spec. */
export function isOfSpec(labels: Record<string, string>, specHash: string): boolean {
  return labels["managed-by"] === managedBy && labels["spec-hash"] === specHash.slice(0, labelHashLength);
}

/** The environment's hash where the image is the user's own: nothing of it is known but its name. */
export function imageEnvironmentHash(imageUri: string): string {
  return sha256(canonicalJson(["image", imageUri]));
}

/** The labels of an endpoint that deployments share. */
export function sharedEndpointLabels(settings: AiPlatformSettings): Record<string, string> {
  return { ...userLabels(settings), "managed-by": managedBy };
}

/** The labels of what a deployment makes. */
export function deploymentLabels(
  name: string,
  settings: AiPlatformSettings,
  names: PlatformNames,
  spec?: DeploymentSpec,
): Record<string, string> {
  return {
    ...userLabels(settings),
    "managed-by": managedBy,
    deployment: names.labelValue(name),
    ...(spec && {
      "spec-hash": spec.specHash.slice(0, labelHashLength),
      "environment-hash": spec.environmentHash.slice(0, labelHashLength),
    }),
  };
}

/** The labels of a batch prediction. */
export function batchLabels(
  name: string,
  batchHash: string,
  settings: AiPlatformSettings,
  names: PlatformNames,
): Record<string, string> {
  return { ...deploymentLabels(name, settings, names), ...batchIdentity(batchHash) };
}

/** The labels that only a batch prediction of this model, input, output and settings has. */
export function batchIdentity(batchHash: string): Record<string, string> {
  return { "managed-by": managedBy, "batch-hash": batchHash.slice(0, labelHashLength) };
}

/** Of the labels of what a deployment has made, those that its user has set. */
export function userLabelsOf(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => !(reservedLabels as readonly string[]).includes(key)),
  );
}

function userLabels(settings: AiPlatformSettings): Record<string, string> {
  const taken = reservedLabels.find((label) => label in settings.labels);
  if (taken) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Invalid setting: labels must not have the key ${taken}, which this package sets.`,
    );
  }
  return settings.labels;
}

function specSettings(settings: AiPlatformSettings, sharedEndpoint: string | null): Record<string, unknown> {
  const chosen = (Object.keys(settingsShape) as SettingName[]).filter((name) => {
    const { changes, platform = settings.platform } = settingMeta.get(settingsShape[name]) ?? {};
    // what an endpoint is, its deployments do not choose where they share it
    return changes && platform === settings.platform && !(sharedEndpoint !== null && belongsToEndpoint.has(name));
  });
  return {
    ...Object.fromEntries(
      chosen.map((name) => [name, name === "env" ? maskedValues(settings.env) : (settings[name] ?? null)]),
    ),
    endpoint: sharedEndpoint,
  };
}
