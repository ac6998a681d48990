import type { BatchPrediction } from "../../../core/batch.js";
import { DeploymentError } from "../../../core/errors.js";
import type { Operation, WaitOptions } from "../../../core/operation.js";
import type { BatchService } from "../../../core/services.js";
import type { Call } from "../call.js";
import { batchOutcome } from "./batch-outcome.js";

/** The platform's batch predictions, on a platform that has them. */
export function batchServiceOf({ services, settings }: Call): BatchService {
  if (services.batchService) return services.batchService;
  throw new DeploymentError("NOT_IMPLEMENTED", `The platform "${settings.platform}" has no batch predictions.`);
}

/**
 * A job as an operation: it is the platform's own, so that its name is the job's, and it goes on when the process ends.
 *
 * @param started - Whether this call started it.
 */
export function batchOperation(
  name: string,
  started: boolean,
  service: BatchService,
  call: Call,
): Operation<BatchPrediction> {
  return {
    name,
    wait: (options = {}) => waitForBatch(name, started, options, service, call),
    cancel: () => service.cancel(name, {}),
  };
}

async function waitForBatch(
  name: string,
  started: boolean,
  { signal: own, timeoutSeconds, onPoll }: WaitOptions,
  service: BatchService,
  call: Call,
): Promise<BatchPrediction> {
  const { context } = call;
  const signals = [own, context.signal].filter((signal) => signal !== undefined);
  const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  try {
    const job = await service.wait(name, {
      signal,
      timeoutSeconds,
      onPoll: ({ state: stage, counts }, elapsedSeconds) => {
        context.report({ type: "operation", step: "batch", operation: name, stage, elapsedSeconds, counts });
        onPoll?.({ stage, elapsedSeconds });
      },
    });
    return { ...(await batchOutcome(job, call)), started };
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new DeploymentError(
      DeploymentError.from(error, "predictBatch").code,
      `The wait for ${name} was stopped, and the job goes on. Run the same call again to wait for it, or cancel it: client.operation("${name}").cancel().`,
      { cause: error },
    );
  }
}
