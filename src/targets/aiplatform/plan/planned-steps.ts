import { uploadFile } from "../../../core/model-files.js";
import type { PlannedStep } from "../../../core/plan.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { ModelVersion } from "../../../core/services.js";
import { artifactLocation, shortImage } from "../deploy/artifacts.js";
import { changedSinceCutOff, isScaling } from "../deploy/in-place.js";
import { versionRequest } from "../deploy/version-step.js";
import { shareOf } from "../deploy/traffic-step.js";
import type { Wanted } from "../deploy/wanted.js";
import type { Call } from "../call.js";
import { deployedAttempt, type Observed } from "../observe.js";
import type { Change } from "../update/find-change.js";

/** What `createDeployment` has to do, and what is there already. */
export async function createSteps(wanted: Wanted, seen: Observed, call: Call): Promise<PlannedStep[]> {
  const isDeployed = deployedAttempt(seen, wanted.spec, call) !== null;
  const endpointId = seen.endpoint?.id ?? call.services.names.endpointId(seen.name);
  const inPlace = changedSinceCutOff(wanted.spec, seen, call);
  return [
    ...(await fileSteps(wanted, call)),
    await versionStep(seen.name, wanted.spec, await filesOf(wanted, call), call),
    step("endpoint", seen.endpoint ? "skip" : "create", `the endpoint ${endpointId}`),
    step("deploy", isDeployed ? "skip" : "create", `a deployed model on ${call.settings.machineType}`),
    createTraffic(seen, call),
    ...(inPlace.length > 0 ? [settingsStep(inPlace)] : []),
  ];
}

/** What `updateDeployment` has to do, and what is there already. */
export async function updateSteps(change: Change, seen: Observed, version: ModelVersion): Promise<PlannedStep[]> {
  const { call, spec, wanted, needsVersion, replaces } = change;
  const steps: PlannedStep[] = [];
  if (needsVersion && wanted) steps.push(...(await fileSteps(wanted, call)));
  if (needsVersion) {
    const kept = { artifactUri: version.artifactUri ?? "", imageUri: version.imageUri };
    steps.push(await versionStep(seen.name, spec, wanted ? await filesOf(wanted, call) : kept, call));
  }
  if (replaces) {
    steps.push(step("deploy", "create", `a deployed model on ${call.settings.machineType}, beside what serves`));
  }
  const moved = updateTraffic(change, seen);
  if (moved !== null) steps.push(step("traffic", "change", moved));
  const old = seen.deployed.length - (replaces ? 0 : 1);
  if (old > 0) steps.push(step("undeploy", "delete", old === 1 ? "what served before" : `${old} deployed models`));
  const inPlace = change.inPlace.filter((name) => !(replaces && isScaling(name)));
  if (inPlace.length > 0) steps.push(settingsStep(inPlace));
  return steps;
}

/** What a version is made from; the image is null where it is to be built first. */
interface VersionFiles {
  artifactUri: string;
  imageUri: string | null;
}

async function filesOf({ spec, bundle }: Wanted, { services, settings, context }: Call): Promise<VersionFiles> {
  const found = bundle ? await services.imageBuilder.find(spec.environmentHash, context) : null;
  const imageUri = bundle ? (found?.uri ?? null) : (settings.imageUri ?? null);
  return { artifactUri: artifactLocation(spec.modelHash, settings).uri, imageUri };
}

/** Upload and image, by what is there. */
async function fileSteps(wanted: Wanted, call: Call): Promise<PlannedStep[]> {
  const { services, settings, context } = call;
  const { spec, model } = wanted;
  const { bucket, prefix, uri } = artifactLocation(spec.modelHash, settings);
  const missing = await services.uploader.missing({ bucket, prefix, files: model.files.map(uploadFile) }, context);
  const bytes = missing.reduce((sum, file) => sum + (file.size ?? 0), 0);
  const { imageUri } = await filesOf(wanted, call);
  return [
    missing.length === 0
      ? step("upload", "skip", `all ${model.files.length} files are in ${uri}`)
      : step("upload", "create", `${missing.length} of ${model.files.length} files (${bytes} bytes) to ${uri}`),
    imageUri === null
      ? step("image", "create", "a build of the serving image")
      : step("image", "skip", `${shortImage(imageUri)} is there`),
  ];
}

async function versionStep(
  name: string,
  spec: DeploymentSpec,
  { artifactUri, imageUri }: VersionFiles,
  call: Call,
): Promise<PlannedStep> {
  const { services, settings, context } = call;
  const parent = await services.modelManager.ensure(settings.modelName ?? name, context);
  const request = imageUri === null ? null : versionRequest({ name, spec, artifactUri, imageUri }, call);
  const version = request && (await services.versionManager.find(parent, request, context));
  return version
    ? step("version", "skip", `version ${version.versionId} of ${parent.displayName} is there`)
    : step("version", "create", `a version of the model ${parent.displayName} (${parent.id})`);
}

function createTraffic(seen: Observed, { settings }: Call): PlannedStep {
  if (!seen.shared || !seen.endpoint) return step("traffic", "change", "all of the endpoint's traffic");
  const { trafficPercent } = settings;
  if (trafficPercent !== undefined) return step("traffic", "change", `${trafficPercent}% of the endpoint's traffic`);
  const total = Object.values(seen.endpoint.trafficSplit).reduce((sum, percent) => sum + percent, 0);
  return total - shareOf(seen.endpoint, seen.name) === 0
    ? step("traffic", "change", "all of the endpoint's traffic")
    : step("traffic", "skip", "none of the endpoint's traffic yet");
}

/** What happens to the traffic; null when it stays where it is. */
function updateTraffic({ call, spec, movesTraffic }: Change, seen: Observed): string | null {
  if (movesTraffic) return `${call.settings.trafficPercent}% of the endpoint's traffic`;
  const share = seen.deployed.reduce((sum, model) => sum + model.trafficPercent, 0);
  const attempt = deployedAttempt(seen, spec, call);
  const id = attempt === null ? null : call.services.names.deployedModelId(seen.name, spec.specHash, attempt);
  const present = seen.deployed.find((model) => model.id === id)?.trafficPercent ?? 0;
  return present === share && (share > 0 || seen.shared) ? null : "it moves when the new one is healthy";
}

function settingsStep(names: readonly string[]): PlannedStep {
  return step("settings", "change", `in place: ${names.join(", ")}`);
}

function step(name: PlannedStep["step"], action: PlannedStep["action"], message: string): PlannedStep {
  return { step: name, action, message };
}
