import type { CreatedDeployment } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { DeploymentRecord, DeploymentSpec } from "../../../core/record.js";
import type { ResolvedModel } from "../../../core/model.js";
import type { Bundle } from "../../../core/bundle.js";
import { withoutCredentials } from "../../../mlflow/printable-uri.js";
import { decideCreate } from "../../../rollout/decide-create.js";
import { isHeld, lockedError } from "../../../rollout/lock.js";
import { newRecord } from "../../../rollout/new-record.js";
import { RecordSession } from "../../../rollout/record-session.js";
import type { CreateRequest } from "../arguments.js";
import type { Call } from "../call.js";
import { required } from "../config/load-settings.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import {
  deployedAttempt,
  describeDeployment,
  liveDeployment,
  observe,
  type Observed,
  servingVersion,
} from "../live-state.js";
import { deploymentLabels, deploymentSpec, hashOfModel, imageEnvironmentHash } from "../spec.js";
import { forgetEndpoint } from "../predict.js";
import { ensureDeployed } from "./deploy-step.js";
import { endpointStep } from "./endpoint-step.js";
import { fail } from "./failure.js";
import { completeStep } from "../../../rollout/resumable-step.js";
import { ensureAllTraffic } from "./traffic-step.js";
import { ensureVersion } from "./version-step.js";
import { withWorkDirectory } from "./work-directory.js";

/** The main job: from an MLflow model to a deployment that answers, whatever of it is there already. */
export async function createDeployment(request: CreateRequest, call: Call): Promise<CreatedDeployment> {
  if (request.endpoint !== null) throw new DeploymentError("NOT_IMPLEMENTED", "shared endpoints are being written.");
  const { settings, services, context } = call;
  const bucket = required(settings, "productionBucket");
  // what these refuse is refused before anything is sent or paid for
  deploymentLabels(request.name, settings, services.names);
  if (settings.versionName !== undefined) services.names.versionAlias(settings.versionName);
  await services.uploader.checkBucket(bucket, settings.location, context);
  return withWorkDirectory(settings.tmpDir, async (directory) => {
    const model = await resolve(request, directory.models, call);
    const bundle = settings.serving === "build" ? await pack(model, bucket, directory.bundle, call) : null;
    const environmentHash = bundle?.environmentHash ?? imageEnvironmentHash(required(settings, "imageUri"));
    const spec = deploymentSpec(request.name, model, environmentHash, request.flavor, settings);
    const observed = await observe(request.name, call);
    const finished = await finishedAlready(request.name, spec, observed, call);
    return finished ?? deploy({ ...request, spec, model, bundle, bucket }, observed, call);
  });
}

interface Work extends CreateRequest {
  spec: DeploymentSpec;
  model: ResolvedModel;
  bundle: Bundle | null;
  bucket: string;
}

/** From here on things are changed, under the record's lock. */
async function deploy(work: Work, observed: Observed, call: Call): Promise<CreatedDeployment> {
  const { services, settings } = call;
  const session = await RecordSession.begin(
    services.deploymentStore,
    services.clock,
    observed.stored,
    firstRecord(work, observed.stored?.record ?? null, deployedAttempt(work.name, observed.endpoint, work.spec, call)),
    call.context,
  );
  const context = session.guard(call.context);
  const held: Call = { ...call, context };
  const limits = { timeoutSeconds: settings.deployTimeout, clock: services.clock };
  forgetEndpoint(services.names.endpointId(work.name), services);
  try {
    const artifactUri = await uploadModel(work, held);
    const imageUri = await ensureImage(work, held);
    const version = await ensureVersion({ ...work, artifactUri, imageUri }, session, held, limits);
    const endpoint = await completeStep(endpointStep(work.name, held), session, context, limits);
    await ensureDeployed(
      { ...work, version: version.value, versionIsNew: version.changed, endpoint: endpoint.value },
      session,
      held,
      limits,
    );
    const serving = await ensureAllTraffic(work.name, work.spec, session.record.attempt, held);
    await session.end((record) => finishedRecord(record, session, version.value.versionId));
    return { ...describeDeployment(serving, version.value, session.record, services.clock.now()), changed: true };
  } catch (error) {
    throw await fail(error, work, session, call);
  }
}

async function resolve(request: CreateRequest, directory: string, { services, context }: Call): Promise<ResolvedModel> {
  context.report({ type: "step", step: "resolve", status: "started", message: withoutCredentials(request.modelUri) });
  const { modelUri, flavor } = request;
  const model = await services.modelResolver.resolve({ modelUri, directory, flavor: flavor ?? undefined }, context);
  const flavors = Object.keys(model.metadata.flavors).join(", ");
  context.report({
    type: "step",
    step: "resolve",
    status: "done",
    message: `${model.source.uri} (${flavors}), ${model.files.length} files`,
  });
  return model;
}

async function pack(
  model: ResolvedModel,
  bucket: string,
  directory: string,
  { services, settings, context }: Call,
): Promise<Bundle> {
  const bundle = await services.bundleBuilder.build(
    {
      model,
      versionName: settings.versionName ?? null,
      predictionScript: settings.predictionScript ?? null,
      setupFile: settings.setupFile ?? null,
      baseImage: settings.baseImage ?? null,
      modelArtifactUri: services.traits.predictorKnowsModel
        ? `gs://${bucket}/${modelPrefix(hashOfModel(model), settings)}`
        : null,
      directory,
    },
    context,
  );
  context.report({ type: "step", step: "bundle", status: "done", message: bundle.fileName });
  return bundle;
}

/** The deployment, when the very same is there, finished; null when there is work to do. */
async function finishedAlready(
  name: string,
  spec: DeploymentSpec,
  { endpoint, stored }: Observed,
  call: Call,
): Promise<CreatedDeployment | null> {
  const now = call.services.clock.now();
  const lock = stored?.record.lock;
  const held = lock && isHeld(lock, now) ? lock : null;
  const decision = decideCreate(spec, liveDeployment(name, endpoint, spec, call), stored?.record ?? null, held);
  if (decision.action === "locked") throw lockedError(name, decision.lock, now);
  if (decision.action === "deleting") {
    throw new DeploymentError(
      "RESOURCE_CONFLICT",
      `A deleteDeployment of "${name}" was cut off. Run it again to its end, then create the deployment.`,
    );
  }
  if (decision.action === "conflict") throw conflict(name, decision);
  if (decision.action === "proceed" || !endpoint) return null;
  if (call.settings.ifExists === "error") {
    throw new DeploymentError(
      "RESOURCE_ALREADY_EXISTS",
      `The deployment "${name}" is there already, the very same. With ifExists: "return" it is returned.`,
    );
  }
  const version = await servingVersion(endpoint, call);
  return { ...describeDeployment(endpoint, version, stored?.record ?? null, now), changed: false };
}

function conflict(
  name: string,
  { unfinished, differences }: { unfinished: boolean; differences: string[] },
): DeploymentError {
  const what = differences.length > 0 ? ` What differs: ${differences.join("; ")}.` : "";
  return new DeploymentError(
    "RESOURCE_ALREADY_EXISTS",
    unfinished
      ? `An earlier createDeployment of "${name}" with another model or settings was cut off.${what} Run it again as it was, or call deleteDeployment first.`
      : `The deployment "${name}" is there already, with another model or settings.${what} updateDeployment is for that, but this target does not have it yet: call deleteDeployment first, or choose another name.`,
  );
}

/** Artifacts are kept by their content: the same model is sent once, whatever deployments use it. */
async function uploadModel({ spec, model, bucket }: Work, { services, settings, context }: Call): Promise<string> {
  const prefix = modelPrefix(spec.modelHash, settings);
  context.report({ type: "step", step: "upload", status: "started", message: `gs://${bucket}/${prefix}` });
  const objects = await services.uploader.upload({ bucket, prefix, files: model.files }, context);
  const sent = objects.filter((object) => object.sent).length;
  const message =
    sent === 0
      ? `all ${objects.length} files are there`
      : `${sent} of ${objects.length} files sent to gs://${bucket}/${prefix}`;
  context.report({ type: "step", step: "upload", status: sent === 0 ? "skipped" : "done", message });
  return `gs://${bucket}/${prefix}`;
}

async function ensureImage({ spec, bundle, bucket }: Work, { services, settings, context }: Call): Promise<string> {
  if (!bundle) return required(settings, "imageUri");
  const prefix = below(settings.productionRoute, `bundles/${spec.environmentHash.slice(0, 16)}`);
  const { fileName: path, localPath, size, crc32c } = bundle;
  const [object] = await services.uploader.upload(
    { bucket, prefix, files: [{ path, localPath, size, crc32c }] },
    context,
  );
  if (!object)
    throw new DeploymentError("INTERNAL_ERROR", "The uploader says nothing of the bundle that it was given.");
  context.report({ type: "step", step: "image", status: "started", message: "the serving image" });
  const image = await services.imageBuilder.ensure(
    {
      environmentHash: spec.environmentHash,
      source: { bucket, object: object.name, generation: object.generation },
      directory: bundle.directory,
    },
    context,
  );
  const shown = image.uri.replace(/(@sha256:.{12}).*/, "$1…");
  const status = image.built ? "done" : "skipped";
  context.report({
    type: "step",
    step: "image",
    status,
    message: image.built ? `built ${shown}` : `${shown} is there`,
  });
  return image.uri;
}

function modelPrefix(modelHash: string, { productionRoute }: AiPlatformSettings): string {
  return below(productionRoute, `models/${modelHash.slice(0, 16)}`);
}

function below(route: string, path: string): string {
  return route === "" ? path : `${route}/${path}`;
}

function firstRecord(
  { name, spec }: Work,
  earlier: DeploymentRecord | null,
  deployed: number | null,
): DeploymentRecord {
  const same = earlier?.spec?.specHash === spec.specHash;
  return {
    ...newRecord(name),
    spec,
    version: same ? (earlier?.version ?? null) : null,
    attempt: deployed ?? (same ? (earlier?.attempt ?? 0) : 0),
    pending: same ? (earlier?.pending ?? null) : null,
    history: earlier?.history ?? [],
  };
}

function finishedRecord(record: DeploymentRecord, session: RecordSession, modelVersionId: string): DeploymentRecord {
  const { spec } = record;
  const entry = session.historyEntry({
    action: "create",
    outcome: "succeeded",
    specHash: spec?.specHash ?? "",
    modelUri: spec?.modelUri ?? "",
    modelVersionId,
  });
  return { ...record, pending: null, completedAt: entry.at, history: [...record.history, entry] };
}
