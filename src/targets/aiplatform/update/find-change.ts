import { DeploymentError } from "../../../core/errors.js";
import type { ResolvedModel } from "../../../core/model.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { ModelVersion } from "../../../core/services.js";
import { specDifferences } from "../../../rollout/spec-differences.js";
import type { Call } from "../call.js";
import { type SettingName } from "../config/settings.js";
import { changedInPlace } from "../deploy/in-place.js";
import { resolveModel, type Wanted, wantedOf } from "../deploy/wanted.js";
import type { WorkDirectory } from "../../work-directory.js";
import { shareOf } from "../deploy/traffic-step.js";
import { type DeploymentView, deployedAttempt } from "../observe.js";
import { changeOf, deploymentSpec, isSameSetting } from "../spec.js";

/** What is asked of an update beside its settings. */
export interface UpdateRequest {
  name: string;
  /** The new model; null when it stays. */
  modelUri: string | null;
  flavor: string | null;
}

/** What an update comes to. */
export interface Change {
  /** The call with the deployment's settings after the update. */
  call: Call;
  spec: DeploymentSpec;
  /** Model and bundle; null when what the version is made of stays. */
  wanted: Wanted | null;
  /** Whether a new registry version is needed. */
  needsVersion: boolean;
  /** Whether another deployed model is needed. */
  replaces: boolean;
  /** The settings that change in place. */
  inPlace: SettingName[];
  /** Whether the deployment's share of the traffic changes. */
  movesTraffic: boolean;
  /** A line each, for a person. */
  differences: string[];
}

/**
 * Finds out what an update would change, from what there is. Changes nothing itself.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` where a private endpoint would need a second deployed model.
 */
export async function findChange(
  request: UpdateRequest,
  seen: DeploymentView,
  version: ModelVersion,
  directory: WorkDirectory,
  call: Call,
): Promise<Change> {
  const model = await modelFor(request, seen, version, directory, call);
  const change = await changeOfSpec(request, model, seen, directory, call);
  if (!change.needsVersion || !hasOldVersionName(seen.spec, call)) return change;
  // a version name is one version's own: the next one does not take it along
  const unnamed = { ...call, settings: { ...call.settings, versionName: undefined } };
  return changeOfSpec(request, model, seen, directory, unnamed);
}

/** What differs, and what it takes, with the settings of the call. */
async function changeOfSpec(
  request: UpdateRequest,
  model: ResolvedModel | null,
  seen: DeploymentView,
  directory: WorkDirectory,
  call: Call,
): Promise<Change> {
  const present = seen.spec;
  const wanted = model && (await wantedFrom(model, request, seen, directory, call));
  const spec = wanted?.spec ?? specWithout(present!, seen, call);
  const needsVersion = present === null || isAnotherVersion(present, spec);
  const share = seen.endpoint ? shareOf(seen.endpoint, seen.name) : 0;
  const { trafficPercent } = call.settings;
  const movesTraffic = seen.shared && call.given.has("trafficPercent") && trafficPercent !== share;
  const replaces = deployedAttempt(seen, spec, call) === null;
  if (replaces) refuseSecondOnPrivate(seen);
  return {
    call,
    spec,
    wanted,
    needsVersion,
    replaces,
    inPlace: changedInPlace(seen, spec, call),
    movesTraffic,
    differences: [
      ...specDifferences(present, spec),
      ...(movesTraffic ? [`trafficPercent: ${share} → ${trafficPercent}`] : []),
    ],
  };
}

/** Whether all is as the update wants it, and nothing was left half-way. */
export function isNothing(change: Change, { record, spec, deployed }: DeploymentView): boolean {
  if (record !== null && (record.update !== null || spec === null)) return false; // cut off, or not of what serves
  return !change.replaces && change.inPlace.length === 0 && !change.movesTraffic && deployed.length === 1;
}

/** The model, where the update needs its files; one that stays is read from where its version has it. */
async function modelFor(
  { modelUri, flavor }: UpdateRequest,
  { spec: present }: DeploymentView,
  version: ModelVersion,
  directory: WorkDirectory,
  call: Call,
): Promise<ResolvedModel | null> {
  if (modelUri !== null) return resolveModel({ modelUri, flavor }, directory, call);
  if (present !== null && !changesBundle(present, call)) return null;
  return resolveModel({ modelUri: version.artifactUri ?? "", flavor: present?.flavor ?? null }, directory, call);
}

async function wantedFrom(
  model: ResolvedModel,
  { name, modelUri, flavor }: UpdateRequest,
  { spec: present, shared, endpoint }: DeploymentView,
  directory: WorkDirectory,
  call: Call,
): Promise<Wanted> {
  const sharedEndpoint = shared ? endpoint!.id : null;
  const isKept = modelUri === null && present !== null;
  const request = { name, flavor: isKept ? present.flavor : flavor, sharedEndpoint };
  const wanted = await wantedOf(model, request, directory, call, isKept ? present.modelHash : undefined);
  // one that stays keeps the name that it came by
  return isKept ? { ...wanted, spec: { ...wanted.spec, modelUri: present.modelUri } } : wanted;
}

/** The settings that name files of the user's, which go into the bundle. */
const sourceSettings = ["predictionScript", "preprocessor", "setupFile"] as const satisfies SettingName[];

/** The settings that the bundle or the image is made by. */
const bundleSettings = [
  "serving",
  "imageUri",
  "baseImage",
  "destinationImageUri",
  ...sourceSettings,
] as const satisfies SettingName[];

function changesBundle(present: DeploymentSpec, { settings, given }: Call): boolean {
  // a file of the same name may have another content
  if (sourceSettings.some((name) => given.has(name))) return true;
  return bundleSettings.some((name) => !isSameSetting(present.settings[name], settings[name]));
}

function specWithout(present: DeploymentSpec, seen: DeploymentView, { settings }: Call): DeploymentSpec {
  const { specHash: _hash, settings: _settings, ...parts } = present;
  return deploymentSpec(seen.name, parts, settings, seen.shared ? seen.endpoint!.id : null);
}

function isAnotherVersion(present: DeploymentSpec, wanted: DeploymentSpec): boolean {
  return (
    present.modelHash !== wanted.modelHash ||
    present.environmentHash !== wanted.environmentHash ||
    present.flavor !== wanted.flavor ||
    changedSettings(present, wanted).some((name) => changeOf(name) === "version")
  );
}

function hasOldVersionName(present: DeploymentSpec | null, { settings, given }: Call): boolean {
  return settings.versionName !== undefined && present !== null && !given.has("versionName");
}

/** The names of the settings that two specs of one deployment have differently. */
function changedSettings(present: DeploymentSpec, wanted: DeploymentSpec): string[] {
  return Object.keys(wanted.settings).filter((name) => !isSameSetting(present.settings[name], wanted.settings[name]));
}

function refuseSecondOnPrivate({ name, endpoint }: DeploymentView): void {
  if (endpoint === null || endpoint.network === null) return;
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `The endpoint of "${name}" is private (network), and Vertex AI lets such endpoints have one deployed model, so that a new one cannot be deployed beside it. Create another deployment, and delete this one.`,
  );
}
