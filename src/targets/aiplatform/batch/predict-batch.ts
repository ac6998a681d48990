import type { BatchPrediction } from "../../../core/batch.js";
import type { Operation } from "../../../core/operation.js";
import type { PredictBatchOptions } from "../../../core/options.js";
import type { Call } from "../call.js";
import { batchModel } from "./batch-model.js";
import { batchOperation, batchServiceOf } from "./batch-operation.js";
import { batchCall } from "./batch-request.js";
import { startBatch } from "./start-batch.js";

/** Predicts files or a table, and waits for the end. */
export async function predictBatch(options: PredictBatchOptions<object>, call: Call): Promise<BatchPrediction> {
  const { report } = call.context;
  const operation = await beginBatch(options, call);
  const prediction = await operation.wait();
  const { outputDirectory, output, name } = prediction;
  report({ type: "step", step: "batch", status: "done", message: `${name}, to ${outputDirectory ?? output}` });
  return prediction;
}

/** The same, up to where the job runs. */
export async function beginBatch(
  options: PredictBatchOptions<object>,
  call: Call,
): Promise<Operation<BatchPrediction>> {
  const service = batchServiceOf(call);
  const request = batchCall(options);
  const model = await batchModel(request.target, call);
  const { job, started } = await startBatch(request, model, service, call);
  const what = `${job.name} with version ${model.deployed.modelVersionId ?? "default"} of "${model.deployed.displayName}"`;
  const message = started ? what : `${what}, which runs already`;
  call.context.report({ type: "step", step: "batch", status: "started", message });
  return batchOperation(job.name, started, service, call);
}
