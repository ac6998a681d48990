import { DeploymentError } from "../../core/errors.js";
import { canonicalJson, manifestHash, sha256 } from "../../core/hash.js";
import type { ResolvedModel } from "../../core/model.js";
import type { DeploymentSpec } from "../../core/record.js";
import { settingMeta } from "./config/setting-meta.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import { type SettingName, settingsShape } from "./config/settings.js";
import type { PlatformNames } from "./services.js";

/** Labels that this package sets; the user's own may not have their names. */
const reservedLabels = ["managed-by", "deployment", "spec-hash", "environment-hash"] as const;

/** The value of the label `managed-by`. */
export const managedBy = "mlflow-deployments";

/** How much of a hash a label holds: a label's value has at most 63 characters. */
const labelHashLength = 40;

/** What a deployment is made of: its name, the environment, the model's files, and the settings that what is served depends on. */
export function deploymentSpec(
  name: string,
  model: ResolvedModel,
  environmentHash: string,
  flavor: string | null,
  settings: AiPlatformSettings,
): DeploymentSpec {
  const modelHash = hashOfModel(model);
  const chosen = specSettings(settings);
  const specHash = sha256(canonicalJson([name, environmentHash, modelHash, flavor, chosen]));
  return { specHash, environmentHash, modelHash, modelUri: model.source.uri, flavor, settings: chosen };
}

/** Over the model's files: path, mode, SHA-256. Hex. */
export function hashOfModel(model: ResolvedModel): string {
  return manifestHash(model.files.map(({ path, sha256 }) => ({ path, mode: 0o644, sha256 })));
}

/** Whether labels say that a deployment made what has them. */
export function isOfDeployment(labels: Record<string, string>, name: string, names: PlatformNames): boolean {
  return labels["managed-by"] === managedBy && labels["deployment"] === names.labelValue(name);
}

/** The environment's hash where the image is the user's own: nothing of it is known but its name. */
export function imageEnvironmentHash(imageUri: string): string {
  return sha256(canonicalJson(["image", imageUri]));
}

/** The labels of what a deployment makes. */
export function deploymentLabels(
  name: string,
  settings: AiPlatformSettings,
  names: PlatformNames,
  spec?: DeploymentSpec,
): Record<string, string> {
  const taken = reservedLabels.find((label) => label in settings.labels);
  if (taken) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Invalid setting: labels must not have the key ${taken}, which this package sets.`,
    );
  }
  return {
    ...settings.labels,
    "managed-by": managedBy,
    deployment: names.labelValue(name),
    ...(spec && {
      "spec-hash": spec.specHash.slice(0, labelHashLength),
      "environment-hash": spec.environmentHash.slice(0, labelHashLength),
    }),
  };
}

function specSettings(settings: AiPlatformSettings): Record<string, unknown> {
  const chosen = (Object.keys(settingsShape) as SettingName[]).filter(
    (name) => settingMeta.get(settingsShape[name])?.changes,
  );
  return Object.fromEntries(
    chosen.map((name) => [name, name === "env" ? maskedValues(settings.env) : (settings[name] ?? null)]),
  );
}

/** Values of environment variables may be secrets: the record holds enough of a hash to see that one changed. */
function maskedValues(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, `sha256:${sha256(value).slice(0, 8)}`]));
}
