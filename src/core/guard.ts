import { DeploymentError, throwIfCancelled } from "./errors.js";
import type { CallOptions } from "./options.js";

/**
 * What every method of a client shares: it does nothing for a signal that is aborted, and rejects with a
 * `DeploymentError` and nothing else. For those who write a target.
 *
 * @param doing - What a message says was cancelled or has failed, such as `createDeployment`.
 * @throws DeploymentError that of `work`, or `CANCELLED` for an abort, `DEADLINE_EXCEEDED` for the end of an
 * `AbortSignal.timeout`, `INTERNAL_ERROR` for any other error.
 */
export async function guard<T>(
  doing: string,
  { signal }: Pick<CallOptions, "signal">,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    throwIfCancelled(signal, doing);
    return await work();
  } catch (error) {
    throw DeploymentError.from(error, doing);
  }
}
