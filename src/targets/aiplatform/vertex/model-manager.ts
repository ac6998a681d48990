import type { StepContext } from "../../../core/progress.js";
import type { ModelManager, ParentModel } from "../../../core/services.js";
import { isAnyOf } from "../google/operations.js";
import { modelId } from "./names.js";
import { VertexApi, type VertexOptions } from "./vertex-api.js";

/** Models of the Vertex AI Model Registry. They have no existence without a version: the first upload makes one. */
export class VertexModelManager implements ModelManager {
  readonly #vertex: VertexApi;

  constructor(options: VertexOptions) {
    this.#vertex = new VertexApi(options);
  }

  async ensure(modelName: string, context: StepContext): Promise<ParentModel> {
    const id = modelId(modelName);
    const name = this.#vertex.names.model(id);
    const found = await this.#vertex.find(
      { doing: `Reading the model ${name}`, signal: context.signal },
      (api, settings) => api.models.get({ name }, settings),
    );
    return { name, id, displayName: found?.displayName ?? modelName, exists: found !== null };
  }
}

/** Deletes a model with all its versions, and waits until it is gone. True when there was one. */
export async function deleteModel(vertex: VertexApi, name: string, { signal }: StepContext): Promise<boolean> {
  const doing = `Deleting the model ${name}`;
  const started = await vertex.find({ doing, signal }, (api, settings) => api.models.delete({ name }, settings));
  if (!started) return false;
  try {
    await vertex.operation(started.name, doing, () => undefined).wait({ signal });
  } catch (error) {
    if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
  }
  return true;
}
