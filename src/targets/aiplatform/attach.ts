import type { BatchPrediction } from "../../core/batch.js";
import type { Deployment } from "../../core/deployment.js";
import type { Operation } from "../../core/operation.js";
import { cancelCall, waitForCall } from "./background.js";
import { checkJobPlace, isBatchJobName } from "./batch/batch-job-name.js";
import { batchOperation, batchServiceOf } from "./batch/batch-operation.js";
import type { Call } from "./call.js";

/**
 * The operation of a name: the platform's own where it is that of a batch prediction job, else a call of this package.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a job of another project or location.
 */
export function attach(name: string, call: Call): Operation<Deployment | BatchPrediction | null> {
  if (isBatchJobName(name)) {
    checkJobPlace(name, call);
    return batchOperation(name, false, batchServiceOf(call), call);
  }
  return {
    name,
    wait: (options = {}) => waitForCall(name, options, call),
    cancel: () => cancelCall(name, call),
  };
}
