import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { ModelSignature } from "../../core/model.js";
import { mlmodelFile, readMlmodel } from "../../mlflow/mlmodel.js";
import { hasOwnPredictor } from "../own-predictor.js";
import type { Call } from "./call.js";
import { modelName } from "./spec.js";

/** By the models' directories, whose names are hashes of what is in them. */
const known = new Map<string, ModelSignature | null>();
/** How many are kept. */
const mostKnown = 100;

/**
 * The signature of the model that a deployment serves. Null where none is known, and no check is then made: the setting
 * `checkInputs` is off, the predictor is the user's own, an update is under way, or the model's files cannot be read.
 */
export async function servedSignature(name: string, { data, settings }: Call): Promise<ModelSignature | null> {
  if (!settings.checkInputs) return null;
  const directory = data.deployment(name);
  try {
    const record = await directory.readRecord();
    if (!record || record.pending || hasOwnPredictor(record.spec.settings)) return null;
    return await signatureIn(join(directory.models, modelName(record.spec)));
  } catch {
    // the request itself says what is wrong with the deployment
    return null;
  }
}

async function signatureIn(model: string): Promise<ModelSignature | null> {
  const found = known.get(model);
  if (found !== undefined) return found;
  const { signature } = readMlmodel(await readFile(join(model, mlmodelFile), "utf8"));
  const [oldest] = known.keys();
  if (known.size >= mostKnown && oldest !== undefined) known.delete(oldest);
  known.set(model, signature);
  return signature;
}
