import { unlessAborted } from "../core/abort.js";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";

/**
 * The result of `work`, or `CANCELLED` as soon as `signal` is aborted. The library's requests take no signal, so one that
 * is on its way goes on; nobody waits for it.
 */
export async function untilCancelled<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  doing: string,
): Promise<T> {
  throwIfCancelled(signal, doing);
  const cancelled = (reason: unknown) => new DeploymentError("CANCELLED", `${doing} was cancelled.`, { cause: reason });
  return unlessAborted(work(), signal, cancelled);
}
