import type { PlannedStep } from "../../../core/plan.js";
import { artifactLocation, shortImage } from "../deploy/artifacts.js";
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
  return [
    ...(await versionSteps(wanted, call)),
    step("endpoint", seen.endpoint ? "skip" : "create", `the endpoint ${endpointId}`),
    step("deploy", isDeployed ? "skip" : "create", `a deployed model on ${call.settings.machineType}`),
    step("traffic", "change", trafficMessage(seen, call)),
  ];
}

/** What `updateDeployment` has to do, and what is there already. */
export async function updateSteps(change: Change, seen: Observed): Promise<PlannedStep[]> {
  const { call, wanted, needsVersion, replaces, inPlace, movesTraffic } = change;
  const steps: PlannedStep[] = [];
  if (needsVersion && wanted) steps.push(...(await versionSteps(wanted, call)));
  else if (needsVersion) steps.push(step("version", "create", "a version of the same files and image"));
  if (replaces) {
    steps.push(step("deploy", "create", `a deployed model on ${call.settings.machineType}, beside what serves`));
    steps.push(step("traffic", "change", "the traffic moves when it is healthy"));
  } else if (movesTraffic) {
    steps.push(step("traffic", "change", `${call.settings.trafficPercent}% of the endpoint's traffic`));
  }
  const old = seen.deployed.length - (replaces ? 0 : 1);
  if (old > 0) steps.push(step("undeploy", "delete", `${old === 1 ? "what served" : `${old} deployed models`} before`));
  if (inPlace.length > 0) steps.push(step("settings", "change", `in place: ${inPlace.join(", ")}`));
  return steps;
}

/** Upload, image and version: by what is there, as far as it can be told before they are made. */
async function versionSteps(wanted: Wanted, call: Call): Promise<PlannedStep[]> {
  const { services, settings, context } = call;
  const { spec, model, bundle } = wanted;
  const { bucket, prefix, uri } = artifactLocation(spec.modelHash, settings);
  const missing = await services.uploader.missing({ bucket, prefix, files: model.files }, context);
  const bytes = missing.reduce((sum, file) => sum + file.size, 0);
  const image = bundle
    ? ((await services.imageBuilder.find(spec.environmentHash, context))?.uri ?? null)
    : (settings.imageUri ?? null);
  const parent = await services.modelManager.ensure(settings.modelName ?? wanted.name, context);
  const request = image === null ? null : versionRequest({ ...wanted, artifactUri: uri, imageUri: image }, call);
  const version = request && (await services.versionManager.find(parent, request, context));
  const files = `${missing.length} of ${model.files.length} files (${bytes} bytes) to ${uri}`;
  return [
    missing.length === 0
      ? step("upload", "skip", `all ${model.files.length} files are in ${uri}`)
      : step("upload", "create", files),
    image === null
      ? step("image", "create", "a build of the serving image")
      : step("image", "skip", `${shortImage(image)} is there`),
    version
      ? step("version", "skip", `version ${version.versionId} of ${parent.displayName} is there`)
      : step("version", "create", `a version of the model ${parent.displayName} (${parent.id})`),
  ];
}

function trafficMessage(seen: Observed, { settings }: Call): string {
  if (!seen.shared || !seen.endpoint) return "all of the endpoint's traffic";
  if (settings.trafficPercent !== undefined) return `${settings.trafficPercent}% of the endpoint's traffic`;
  const total = Object.values(seen.endpoint.trafficSplit).reduce((sum, percent) => sum + percent, 0);
  return total - shareOf(seen.endpoint, seen.name) === 0 ? "all of the endpoint's traffic" : "none of the traffic yet";
}

function step(name: PlannedStep["step"], action: PlannedStep["action"], message: string): PlannedStep {
  return { step: name, action, message };
}
