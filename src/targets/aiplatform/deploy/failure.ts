import { DeploymentError } from "../../../core/errors.js";
import { OperationFailedError } from "../../../core/operation.js";
import type { DeploymentRecord, DeploymentSpec, PendingStep } from "../../../core/record.js";
import type { ModelVersion } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import type { Call } from "../call.js";
import type { DeploymentView } from "../observe.js";
import { containerLog } from "./container-log.js";

/** Milliseconds. */
const longestCleanUpMs = 5 * 60_000;

/** What a call that failed for good may have made. */
interface Remains {
  /** The endpoint, where the deployment owns it: it goes if nothing is on it. */
  endpointId: string | null;
  /** The version, where nothing was ever served of it. */
  version: ModelVersion | null;
  /** What takes away what cannot be now, for a person. */
  otherwise: string;
}

/** A call that failed, and what is to be done about it. */
interface FailedCall {
  name: string;
  /** Where its containers were started. */
  endpointId: string;
  session: RecordSession;
  /** With the caller's own signal. */
  call: Call;
  /** Null where a failure for good leaves something to go on with. */
  remains: Remains | null;
  /** For the message of a failure for good: what has become of the deployment. */
  outcome: string;
  /** What can be done in place of going on, for a person. */
  otherwise: string;
  /** The record after a failure for good; `isClean` when all that remained was taken away. */
  failed: (record: DeploymentRecord, failure: DeploymentError, isClean: boolean) => DeploymentRecord;
}

/**
 * Ends a session that failed, and gives the error to throw. After a failure of the platform for good, what the call has made
 * is taken away; a call that was cut off leaves what is pending for the next one to go on with.
 */
export async function fail(error: unknown, work: FailedCall): Promise<DeploymentError> {
  const { name, session, call, failed } = work;
  const { pending } = session.record;
  const failure = DeploymentError.from(error, `The deployment "${name}"`);
  const ended = OperationFailedError.is(failure) ? await cleanUp(failure, pending, work) : null;
  try {
    await session.end((record) => (ended ? failed(record, ended.failure, ended.isClean) : record));
  } catch (endError) {
    // the lock ends by itself, and the failure is what the caller must see
    call.context.report({
      type: "warning",
      message: `Could not write the record of "${name}": ${(endError as Error).message}`,
    });
  }
  if (session.lost.aborted) return DeploymentError.from(session.lost.reason, `The deployment "${name}"`);
  if (ended) return ended.failure;
  if (failure.code !== "CANCELLED") return failure;
  const at = pending ? ` at the step ${pending.step}` : "";
  return new DeploymentError(
    "CANCELLED",
    `The work on "${name}" was cancelled${at}. Run the same call again to go on, or ${work.otherwise}.`,
    { cause: failure },
  );
}

/** Whether nothing was ever served of the version that an attempt had, so that a failure takes it away. */
export function isUnserved({ specHash }: DeploymentSpec, isNew: boolean, { record }: DeploymentView): boolean {
  if (isNew || record === null) return isNew;
  return !record.history.some((entry) => entry.outcome === "succeeded" && entry.specHash === specHash);
}

/** What a failure for good has come to. */
interface CleanedUp {
  failure: OperationFailedError;
  /** Whether all that remained was taken away. */
  isClean: boolean;
}

/** Takes away what a failure for good left, and says in its message all that is known of it. */
async function cleanUp(
  failure: OperationFailedError,
  pending: PendingStep | null,
  { endpointId, session, remains, outcome, call }: FailedCall,
): Promise<CleanedUp> {
  const log = pending?.step === "deploy" ? await containerLog(endpointId, pending.startedAt, call) : "";
  // where another process has the lock by now, it may need what would be taken away
  const left = remains === null || !(await holdsLock(session)) ? null : await remove(remains, call);
  const message = `${failure.message}${left ?? ""}${outcome}${log}`;
  return { failure: new OperationFailedError(failure.code, message, { cause: failure }), isClean: left === "" };
}

async function holdsLock(session: RecordSession): Promise<boolean> {
  try {
    await session.note({});
    return true;
  } catch {
    return false;
  }
}

/** @returns What could not be taken away, as a sentence; empty when nothing is left. */
async function remove({ endpointId, version, otherwise }: Remains, call: Call): Promise<string> {
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
    return ` It could not be cleaned up (${(error as Error).message}): ${otherwise}.`;
  }
}
