import { type BatchJob, isEnded } from "../../../core/batch.js";
import { canonicalJson, sha256 } from "../../../core/hash.js";
import { OperationFailedError } from "../../../core/operation.js";
import type { BatchRequest, BatchService } from "../../../core/services.js";
import { prepareParameters } from "../../../signature/prepare-request.js";
import type { Call } from "../call.js";
import { signatureOf } from "../served-signature.js";
import { batchIdentity, batchLabels } from "../spec.js";
import { checkFiles } from "./batch-files.js";
import type { BatchModel } from "./batch-model.js";
import type { BatchCall } from "./batch-request.js";

/** How often a job is looked for whose create was not answered, and milliseconds between two looks. */
const looks = { attempts: 5, delayMs: 2000 };
/** `BatchDedicatedResources.max_replica_count`: "The default value is 10". */
const platformsMaxReplicas = 10;

/** Everything that makes one batch prediction another; labels and names do not. */
type Unlabelled = Omit<BatchRequest, "displayName" | "labels">;

/** Finds the same job where it runs already, and starts it where it does not. */
export async function startBatch(
  request: BatchCall,
  model: BatchModel,
  service: BatchService,
  call: Call,
): Promise<{ job: BatchJob; started: boolean }> {
  const { settings, services, context } = call;
  const parameters = await checkedParameters(request, model, call);
  const unlabelled = unlabelledRequest({ ...request, parameters }, model, call);
  const hash = batchHash(unlabelled);
  const { displayName } = model.deployed;
  const labels = batchLabels(displayName, hash, settings, services.names);
  const before = await service.list({ labels: batchIdentity(hash) }, context);
  const running = before.find(({ state }) => !isEnded(state) && state !== "cancelling");
  if (running) return { job: running, started: false };
  await checkFiles(request, call);
  try {
    return { job: await service.create({ ...unlabelled, displayName, labels }, context), started: true };
  } catch (error) {
    if (OperationFailedError.fromRefusal(error) || context.signal?.aborted) throw error;
    const made = await lookForMade(hash, before, service, call);
    if (!made) throw error;
    return { job: made, started: true };
  }
}

/** As `predict` checks them: a job would find out at each row that a parameter is misspelt. */
async function checkedParameters({ parameters }: BatchCall, { deployed }: BatchModel, call: Call) {
  if (parameters === null) return null;
  return prepareParameters(parameters, await signatureOf(deployed, call)) ?? null;
}

/** The hash of what is predicted, where to, and on what: whoever asks for the same gets the same. */
function batchHash(request: Unlabelled): string {
  return sha256(canonicalJson({ ...request, input: [...new Set(request.input)].toSorted() }));
}

/** A job that is there since `before` was read: the create whose answer was lost has made it. */
async function lookForMade(
  hash: string,
  before: readonly BatchJob[],
  service: BatchService,
  { services, context }: Call,
): Promise<BatchJob | null> {
  const known = new Set(before.map(({ name }) => name));
  for (let attempt = 1; ; attempt++) {
    const jobs = await service.list({ labels: batchIdentity(hash) }, context);
    const made = jobs.find(({ name }) => !known.has(name));
    if (made || attempt >= looks.attempts) return made ?? null;
    await services.clock.sleep(looks.delayMs, context.signal);
  }
}

/** Machines are as the call says it, else as those of the deployment; how many, the platform decides where nobody does. */
function unlabelledRequest(
  request: BatchCall,
  { deployed, endpoint }: BatchModel,
  { settings, given }: Call,
): Unlabelled {
  const { target: _, ...files } = request;
  const { batchInstanceType, acceleratorType, acceleratorCount } = settings;
  const ownMachine = given.has("machineType") || given.has("acceleratorType");
  const starting = given.has("minReplicaCount") ? settings.minReplicaCount : null;
  return {
    ...files,
    version: { model: deployed.model, versionId: deployed.modelVersionId },
    // by their names, columns may stand in any order
    instanceType: batchInstanceType ?? (request.inputFormat === "bigquery" ? "object" : null),
    keyField: settings.batchKeyField ?? null,
    machineType: ownMachine ? settings.machineType : (deployed.machineType ?? settings.machineType),
    accelerator: ownMachine
      ? acceleratorType === undefined
        ? null
        : { type: acceleratorType, count: acceleratorCount ?? 1 }
      : deployed.accelerator,
    startingReplicaCount: starting,
    maxReplicaCount:
      settings.maxReplicaCount ?? (starting !== null && starting > platformsMaxReplicas ? starting : null),
    batchSize: settings.batchSize ?? null,
    serviceAccount: settings.serviceAccount ?? deployed.serviceAccount,
    encryptionKey: settings.encryptionSpecKeyName ?? endpoint.encryptionKey,
  };
}
