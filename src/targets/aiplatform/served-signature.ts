import { isDeepStrictEqual } from "node:util";

import { unlessAborted } from "../../core/abort.js";
import type { DeployedModel } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import type { ModelSignature } from "../../core/model.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";
import { customInputsLabel } from "./custom-inputs.js";
import type { AiPlatformServices } from "./services.js";
import { managedBy } from "./spec.js";

interface Known {
  signature: Promise<ModelSignature | null>;
  /** Milliseconds since the epoch, after which it is read again. */
  until: number;
}

/** How long it is known that a signature could not be read. */
const failureKnownForMs = 5 * 60_000;
/** How long a prediction waits for a signature. */
const readWithinMs = 10_000;
/** How many are kept: an update adds one. */
const mostKnown = 100;

/** The signatures of what predictions went to, for each project and region. What is deployed never changes its model. */
const known = new WeakMap<AiPlatformServices, Map<string, Known>>();
/** Their keys there, by what an endpoint's description says: it is kept, and asked for with each prediction. */
const keys = new WeakMap<DeployedModel, string>();
const unknownSignature = Promise.resolve(null);

/**
 * The signature of the model that answers an endpoint's predictions. Null where none is known, and no check is then made: the
 * setting `checkInputs` is off, models with different signatures share the traffic, the version is not this package's or takes
 * other rows than its model, or what says it cannot be read. No failure to read it fails a prediction.
 *
 * @throws DeploymentError `CANCELLED`, and nothing else.
 */
export async function servedSignature(endpoint: Endpoint, call: Call): Promise<ModelSignature | null> {
  const serving = endpoint.deployedModels.filter(({ trafficPercent }) => trafficPercent > 0);
  const [only] = serving;
  if (only && serving.length === 1) return signatureOf(only, call);
  const [first = null, ...others] = await Promise.all(serving.map((model) => signatureOf(model, call)));
  return others.every((other) => isDeepStrictEqual(other, first)) ? first : null;
}

/** The signature of one deployed model, by the same rules. */
export function signatureOf(model: DeployedModel, call: Call): Promise<ModelSignature | null> {
  const { services, context, settings } = call;
  if (!settings.checkInputs) return unknownSignature;
  const entries = known.get(services) ?? new Map<string, Known>();
  known.set(services, entries);
  const key = keyOf(model);
  const now = services.clock.now();
  let entry = entries.get(key);
  if (!entry || entry.until <= now) {
    const fresh: Known = { signature: Promise.resolve(null), until: Number.POSITIVE_INFINITY };
    // for all calls that wait for it, so that none of them can stop it
    fresh.signature = read(model, services).catch(() => {
      fresh.until = services.clock.now() + failureKnownForMs;
      return null;
    });
    entries.delete(key);
    entries.set(key, (entry = fresh));
    const [oldest] = entries.keys();
    if (entries.size > mostKnown && oldest !== undefined) entries.delete(oldest);
  }
  return unlessAborted(entry.signature, context.signal, cancelled);
}

/** By the deployed model: a version of that name may be deleted and made again of another model. */
function keyOf(model: DeployedModel): string {
  let key = keys.get(model);
  if (key === undefined) {
    key = JSON.stringify([model.id, model.model, model.modelVersionId, model.createTime]);
    keys.set(model, key);
  }
  return key;
}

async function read(model: DeployedModel, services: AiPlatformServices): Promise<ModelSignature | null> {
  const signal = AbortSignal.timeout(readWithinMs);
  const context = { report: () => {}, signal };
  const describe = async () => {
    if (model.modelVersionId === null) return null;
    const version = await services.versionManager.get(`${model.model}@${model.modelVersionId}`, context);
    const labels = version?.labels ?? {};
    if (labels["managed-by"] !== managedBy || customInputsLabel in labels) return null;
    // nothing but a bucket: anybody who may change the registry chooses it
    if (!version?.artifactUri?.startsWith("gs://")) return null;
    const described = await services.modelResolver.describe?.({ modelUri: version.artifactUri }, context);
    return described?.metadata.signature ?? null;
  };
  return unlessAborted(describe(), signal, cancelled);
}

function cancelled(reason: unknown): DeploymentError {
  return new DeploymentError("CANCELLED", "predict was cancelled.", { cause: reason });
}
