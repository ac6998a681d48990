import type { StepContext } from "../../../core/progress.js";
import type { ModelManager, ModelOwner, ParentModel } from "../../../core/services.js";
import { isAnyOf, removal } from "../google/operations.js";
import { managedBy } from "../spec.js";
import { type MlOptions, MlApi, type Model } from "./ml-api.js";
import { formatDescription } from "./model-description.js";
import { modelId } from "./names.js";

/** What a model is made with, beside what its deployment says. */
export interface ModelOptions extends MlOptions {
  /** Where it serves: `ml` v1 takes one region. */
  regions: readonly string[];
  /** Whether predictions are logged, and what the predictor writes. */
  onlinePredictionLogging: boolean;
}

/** Models of AI Platform Prediction. A model is at once the registry model and the endpoint of its default version. */
export class LegacyModelManager implements ModelManager {
  readonly #ml: MlApi;
  readonly #options: ModelOptions;

  constructor(options: ModelOptions) {
    this.#ml = new MlApi(options);
    this.#options = options;
  }

  async ensure(modelName: string, { signal }: StepContext, owner?: ModelOwner): Promise<ParentModel> {
    const id = modelId(modelName);
    const name = this.#ml.names.model(id);
    const there = (await this.#ml.model(name, signal)) !== null;
    const made = !there && owner !== undefined && (await this.#make(id, owner, signal));
    return { name, id, displayName: modelName, exists: there || owner !== undefined, made };
  }

  /** False where it was there after all. */
  async #make(id: string, owner: ModelOwner, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await createModel(this.#ml, this.#options, id, owner, signal);
      return true;
    } catch (error) {
      // another process was first, or the answer of the request before was lost
      if (!isAnyOf(error, "RESOURCE_ALREADY_EXISTS")) throw error;
      return false;
    }
  }
}

/** Makes a model, which has no version yet. */
export function createModel(
  ml: MlApi,
  { regions, onlinePredictionLogging }: ModelOptions,
  id: string,
  { deploymentName, labels, description }: ModelOwner,
  signal: AbortSignal | undefined,
): Promise<Model> {
  const { parent } = ml.names;
  const requestBody = {
    name: id,
    description: formatDescription({ deploymentName, text: description }),
    regions: [...regions],
    onlinePredictionLogging,
    // what the predictor writes; without it an access log is all there is
    onlinePredictionConsoleLogging: onlinePredictionLogging,
    labels,
  };
  return ml.call({ doing: `Creating the model ${ml.names.model(id)}`, signal }, (api, settings) =>
    api.models.create({ parent, requestBody }, settings),
  );
}

/** Deletes a model of this package that has no version any more, and waits until it is gone. */
export async function deleteEmptyModel(ml: MlApi, name: string, signal: AbortSignal | undefined): Promise<void> {
  if ((await ml.versions(name, signal)).length > 0) return;
  const model = await ml.model(name, signal);
  if (model?.labels?.["managed-by"] !== managedBy) return;
  const doing = `Deleting the model ${name}`;
  const started = await ml.find({ doing, signal }, (api, settings) => api.models.delete({ name }, settings));
  if (started) await removal(ml.operation(started.name, doing, () => undefined)).wait({ signal });
}
