import type { DeployedModel } from "../../../core/deployment.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { Endpoint, EndpointChange, ModelVersion, Scaling } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import { type StepLimits, waitFor } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { changeEndpoint } from "../change-endpoint.js";
import type { SettingName } from "../config/settings.js";
import { customInputsLabel } from "../custom-inputs.js";
import type { DeploymentView } from "../observe.js";
import { changeOf, deploymentLabels, isSameSetting, userLabelsOf } from "../spec.js";
import { scalingOf } from "./scaling.js";

/** What is changed while it serves. */
interface Serving {
  name: string;
  endpoint: Endpoint;
  /** Whether others are on the endpoint too: then it is not this deployment's to change. */
  shared: boolean;
  deployed: DeployedModel;
  version: ModelVersion;
  /** Whether the deployed model was made with the settings as they are now. */
  isNew: boolean;
}

const scaled: readonly SettingName[] = [
  "minReplicaCount",
  "maxReplicaCount",
  "autoscalingTargetCpuUtilization",
  "autoscalingTargetAcceleratorDutyCycle",
  "autoscalingTargetRequestCountPerMinute",
];

/**
 * Of the settings that change in place, those that the platform shows: somebody may have changed them by other means, and
 * what runs is what counts.
 */
export function liveSettings({ serving, endpoint, shared }: DeploymentView): Partial<Record<SettingName, unknown>> {
  return {
    ...(serving?.minReplicaCount && { minReplicaCount: serving.minReplicaCount }),
    ...(serving?.maxReplicaCount && { maxReplicaCount: serving.maxReplicaCount }),
    ...(endpoint &&
      !shared && { labels: userLabelsOf(endpoint.labels), endpointDescription: endpoint.description || null }),
  };
}

/**
 * The settings that are to change in place. What an update that was cut off has changed is not known, so that all counts
 * in which it differs; without a record, all that the caller names.
 */
export function changedInPlace(view: DeploymentView, wanted: DeploymentSpec, call: Call): SettingName[] {
  const { record, spec: present } = view;
  const names = Object.keys(wanted.settings).filter((name) => changeOf(name) === "inPlace") as SettingName[];
  if (present === null) return names.filter((name) => call.given.has(name));
  const recorded = [present, record?.spec, record?.update?.spec].map((spec) => spec?.settings ?? {});
  const possible: Partial<Record<string, unknown>>[] = [...recorded, liveSettings(view)];
  return names.filter((name) =>
    possible.some((settings) => name in settings && !isSameSetting(settings[name], wanted.settings[name])),
  );
}

/** The same for an attempt to create it that goes on with one that was cut off, which may have had others of them. */
export function changedSinceCutOff(wanted: DeploymentSpec, view: DeploymentView, call: Call): SettingName[] {
  return view.record?.spec?.specHash === wanted.specHash ? changedInPlace(view, wanted, call) : [];
}

/**
 * Changes what can change while it serves: replicas, autoscaling, labels, and what an endpoint of its own has. That is what
 * `inPlace` names, and what is seen to be otherwise, since an attempt that was cut off may have had other settings.
 *
 * @returns Whether anything was changed.
 */
export async function changeInPlace(
  serving: Serving,
  { inPlace, spec }: { inPlace: readonly SettingName[]; spec: DeploymentSpec },
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<boolean> {
  const { endpointManager, versionManager, names } = call.services;
  const { context, settings } = call;
  let changed = false;
  const done = (message: string) => {
    changed = true;
    context.report({ type: "step", step: "settings", status: "done", message });
  };

  const scaling = scalingOf(settings);
  if ((!serving.isNew && inPlace.some(isScaling)) || isScaledOtherwise(serving.deployed, scaling)) {
    await session.begun("settings");
    const operation = await endpointManager.scale(serving.endpoint, serving.deployed.id, scaling, context);
    await session.started(operation.name);
    await waitFor(operation, { step: "settings" }, context, limits);
    done(`${scaling.minReplicaCount} to ${scaling.maxReplicaCount} replicas`);
  }
  if (inPlace.includes("labels")) {
    const labels = deploymentLabels(serving.name, settings, names, spec);
    // the version was made of the spec that its own labels say
    const own = { ...labels, ...pick(serving.version.labels, ["spec-hash", "environment-hash", customInputsLabel]) };
    await session.begun("settings");
    await versionManager.setLabels(serving.version, own, context);
    done(`the labels of version ${serving.version.versionId}`);
  }
  const endpointChange = serving.shared ? {} : ownEndpointChange(serving, inPlace, call);
  if (Object.keys(endpointChange).length > 0) {
    await session.begun("settings");
    await changeEndpoint(
      serving.endpoint.id,
      (endpoint) => endpointManager.update(endpoint, endpointChange, context),
      call,
    );
    done(`the endpoint ${serving.endpoint.id}`);
  }
  return changed;
}

function isScaledOtherwise({ minReplicaCount, maxReplicaCount }: DeployedModel, wanted: Scaling): boolean {
  const { minReplicaCount: min, maxReplicaCount: max } = wanted;
  return (minReplicaCount ?? min) !== min || (maxReplicaCount ?? max) !== max;
}

/** Whether it is a setting of how a deployed model is scaled. */
export function isScaling(name: SettingName): boolean {
  return scaled.includes(name);
}

function ownEndpointChange(
  { name, endpoint }: Serving,
  inPlace: readonly SettingName[],
  { settings, services }: Call,
): EndpointChange {
  const labels = deploymentLabels(name, settings, services.names);
  const description = settings.endpointDescription ?? "";
  return {
    ...(!isSameSetting(endpoint.labels, labels) && { labels }),
    ...((endpoint.description ?? "") !== description && { description }),
    ...(inPlace.includes("inferenceTimeout") &&
      settings.inferenceTimeout !== undefined && { inferenceTimeout: settings.inferenceTimeout }),
  };
}

function pick(labels: Record<string, string>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}
