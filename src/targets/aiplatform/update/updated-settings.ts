import { DeploymentError } from "../../../core/errors.js";
import type { ModelVersion } from "../../../core/services.js";
import type { Call } from "../call.js";
import { checkSettings } from "../config/load-settings.js";
import { settingMeta } from "../config/setting-meta.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import { type SettingName, settingsShape } from "../config/settings.js";
import { customInputsLabel } from "../custom-inputs.js";
import { completeSettings } from "../deploy/complete-settings.js";
import { liveSettings } from "../deploy/in-place.js";
import { withoutBatching } from "../../settings/request-batching.js";
import { fixedSettings } from "../deploy/shared-endpoint.js";
import type { DeploymentView } from "../observe.js";
import { userLabelsOf } from "../spec.js";

/**
 * The settings of a deployment after an update: those that the call names, and for all others what the deployment has.
 *
 * @param version - What it serves now: the record holds no value of an environment variable, the version does.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a setting that no update can change, and for settings that
 * contradict each other; `FAILED_PRECONDITION` where code of the user's own would be left out because the record of it is lost.
 */
export function updatedSettings(
  seen: DeploymentView,
  version: ModelVersion,
  { settings, given, ambient }: Call,
): AiPlatformSettings {
  const present = presentSettings(seen, version);
  const servesOtherwise = given.has("serving") && settings.serving !== present.serving;
  const values: Partial<Record<SettingName, unknown>> = { ...settings };
  for (const name of Object.keys(settingsShape) as SettingName[]) {
    const { changes } = settingMeta.get(settingsShape[name]) ?? {};
    if (!changes) continue;
    if (given.has(name)) {
      if (changes === "endpoint" && name in present)
        refuseEndpointChange(name, present[name] ?? undefined, settings[name]);
    } else if (name in present && !(servesOtherwise && imageSettings.has(name))) {
      values[name] = present[name] ?? undefined;
    } else if (ambient.has(name)) {
      values[name] = undefined;
    }
  }
  if (!given.has("maxReplicaCount") && present.minReplicaCount === present.maxReplicaCount) {
    values.maxReplicaCount = undefined; // what had a fixed number of replicas keeps a fixed one
  }
  refuseLostCode(seen, version, values);
  const checked = checkSettings(values, (name) => (given.has(name) ? undefined : "as the deployment has it"));
  return completeSettings(seen.name, { ...checked, projectId: settings.projectId });
}

/** The settings that go with one way of `serving`, and not with another. */
const imageSettings: ReadonlySet<SettingName> = new Set<SettingName>(["imageUri", "baseImage", "destinationImageUri"]);

/** What the deployment has, as far as it is known: by its record, or else by what runs. */
function presentSettings(view: DeploymentView, version: ModelVersion): Partial<Record<SettingName, unknown>> {
  const { spec, serving, endpoint, shared } = view;
  const { env, batching } = withoutBatching(version.env);
  const live = { ...liveSettings(view), env };
  if (spec) return { ...spec.settings, ...live };
  return {
    ...batching,
    labels: userLabelsOf(version.labels),
    ...live,
    ...(serving?.machineType && { machineType: serving.machineType }),
    ...(serving?.accelerator && {
      acceleratorType: serving.accelerator.type,
      acceleratorCount: serving.accelerator.count,
    }),
    ...(serving?.serviceAccount && { serviceAccount: serving.serviceAccount }),
    ...(endpoint && !shared && fixedSettings(endpoint)),
  };
}

/** Only the record knows which code of the user's own a version was made with: another version must not lose it unsaid. */
function refuseLostCode(
  { name, spec }: DeploymentView,
  { labels }: ModelVersion,
  { serving, predictionScript, preprocessor }: Partial<Record<SettingName, unknown>>,
): void {
  if (spec !== null || labels[customInputsLabel] === undefined) return;
  if (serving === "image" || predictionScript !== undefined || preprocessor !== undefined) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The record of "${name}" is lost, and with it which predictor, preprocessor or image of your own it was made with. Name them again: predictionScript, preprocessor, or serving: image with imageUri.`,
  );
}

function refuseEndpointChange(name: SettingName, present: unknown, wanted: unknown): void {
  if (present === wanted) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${name} is ${shown(present)} and cannot become ${shown(wanted)}: it belongs to the endpoint, which no update replaces. Create another deployment, and delete this one.`,
  );
}

function shown(value: unknown): string {
  if (value === undefined) return "not set";
  return typeof value === "string" ? value : JSON.stringify(value);
}
