import { DeploymentError } from "../../../core/errors.js";
import { OperationFailedError } from "../../../core/operation.js";
import type { DeploymentRecord } from "../../../core/record.js";
import type { ModelVersion } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import type { Call } from "../call.js";

/** Milliseconds. */
const longestCleanUpMs = 5 * 60_000;

/** What a failed deploy may leave. */
interface Remains {
  /** The endpoint, where the deployment owns it: it goes if nothing is on it. */
  endpointId: string | null;
  /** The version, where this call made it. */
  version: ModelVersion | null;
}

/**
 * Takes away what a failed deploy leaves.
 *
 * @returns What could not be taken away, as a sentence for the error's message; empty when nothing is left.
 */
export async function removeFailed({ endpointId, version }: Remains, call: Call): Promise<string> {
  const { endpointManager, versionManager } = call.services;
  // not the caller's signal: cleaning up is what remains to be done when the caller has stopped
  const context = { report: call.context.report, signal: AbortSignal.timeout(longestCleanUpMs) };
  try {
    const endpoint = endpointId === null ? null : await endpointManager.find(endpointId, context);
    if (endpoint && endpoint.deployedModels.length === 0) {
      await (await endpointManager.delete(endpoint, context)).wait({ signal: context.signal });
    }
    if (version) await versionManager.delete(version, context);
    return "";
  } catch (error) {
    return ` It could not be cleaned up (${(error as Error).message}): deleteDeployment does it.`;
  }
}

/**
 * Ends a session that failed, and gives the error to throw. A failure of the platform for good is written down by `failed`;
 * a call that was cut off leaves what is pending for the next one to go on with.
 *
 * @param failed - The record after a failure for good.
 */
export async function fail(
  error: unknown,
  name: string,
  session: RecordSession,
  { context }: Call,
  failed: (record: DeploymentRecord, failure: DeploymentError) => DeploymentRecord,
): Promise<DeploymentError> {
  const cause: unknown = session.lost.aborted ? session.lost.reason : error;
  const failure = DeploymentError.from(cause, `The deployment "${name}"`);
  const step = session.record.pending?.step;
  const forGood = OperationFailedError.is(failure);
  try {
    await session.end((record) => (forGood ? failed(record, failure) : record));
  } catch (endError) {
    // the lock ends by itself, and the failure is what the caller must see
    context.report({
      type: "warning",
      message: `Could not write the record of "${name}": ${(endError as Error).message}`,
    });
  }
  if (forGood || failure.code !== "CANCELLED") return failure;
  return new DeploymentError(
    "CANCELLED",
    `The deployment "${name}" was cancelled${step ? ` at the step ${step}` : ""}. Run the same call again to go on, or deleteDeployment to take it away.`,
    { cause: failure },
  );
}
