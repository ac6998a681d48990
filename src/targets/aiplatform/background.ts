import { type Clock, systemClock } from "../../core/clock.js";
import type { Deployment } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import { type Operation, OperationFailedError, pollUntilDone, type WaitOptions } from "../../core/operation.js";
import type { HistoryEntry } from "../../core/record.js";
import type { StoredRecord } from "../../core/services.js";
import { isHeld } from "../../rollout/lock.js";
import type { Call } from "./call.js";
import { getDeployment } from "./read-deployments.js";

/** How long another process's call may take until its record shows it, in seconds: it reads the model first. */
const unseenSeconds = 120;

/** So often a call may write its record between the read and the write that cancel it. */
const cancelAttempts = 8;

/** Begins the work, and gives the operation of it: it goes on in this process, and any process can wait for it by its name. */
export async function inBackground<T>(
  deployment: string,
  call: Call,
  work: (call: Call) => Promise<T>,
): Promise<Operation<T>> {
  const stop = new AbortController();
  const signal = call.context.signal ? AbortSignal.any([call.context.signal, stop.signal]) : stop.signal;
  const running = work({ ...call, context: { ...call.context, signal } });
  running.catch(() => {}); // whoever waits is told
  return {
    name: operationName(deployment, call.id),
    wait: (options = {}) => waitFor(running, deployment, options),
    cancel: async () => stop.abort(new DeploymentError("CANCELLED", `The work on "${deployment}" was cancelled.`)),
  };
}

/**
 * Waits for the end of a call that another process, or this one, has begun with `sync: false`.
 *
 * @returns The deployment; null when the call has deleted it.
 * @throws DeploymentError what the call failed with; `RESOURCE_DOES_NOT_EXIST` when no record shows such a call.
 */
export async function waitForCall(name: string, options: WaitOptions, call: Call): Promise<Deployment | null> {
  const { deployment, id } = parse(name);
  const { services, context } = call;
  const startedAt = services.clock.now();
  const entry = await pollUntilDone<HistoryEntry>(
    async () => {
      const stored = await services.deploymentStore.read(deployment, context);
      const found = stored?.record.history.findLast((each) => each.call === id);
      if (found) return { done: true, result: found };
      refuseUnknown(name, id, stored, services.clock.now(), startedAt);
      return { done: false, stage: stored?.record.pending?.step ?? null };
    },
    `The call ${name}`,
    { ...options, clock: services.clock },
  );
  if (entry.outcome === "failed") {
    throw new OperationFailedError("FAILED_PRECONDITION", entry.error ?? `The call ${name} failed.`);
  }
  return entry.action === "delete" ? null : getDeployment(deployment, undefined, call);
}

/**
 * Asks a call to stop, by taking its lock away: it stops at its next write, within half a minute.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` for a call that no record shows, so that it may go on.
 */
export async function cancelCall(name: string, { services, context }: Call): Promise<void> {
  const { deployment, id } = parse(name);
  for (let attempt = 1; ; attempt++) {
    const stored = await services.deploymentStore.read(deployment, context);
    if (stored?.record.history.some((entry) => entry.call === id)) return;
    if (stored?.record.lock?.id !== id) throw unknownCall(name);
    try {
      await services.deploymentStore.write({ ...stored.record, lock: null }, stored.generation, context);
      return;
    } catch (error) {
      // the call has written something meanwhile
      if (!DeploymentError.is(error) || error.code !== "RESOURCE_CONFLICT" || attempt >= cancelAttempts) throw error;
    }
  }
}

/** Waits as for an operation of the platform's, by this machine's own clock. */
async function waitFor<T>(running: Promise<T>, deployment: string, options: WaitOptions): Promise<T> {
  let isSettled = false;
  const settled = running.then(
    () => void (isSettled = true),
    () => void (isSettled = true),
  );
  const clock: Clock = {
    now: () => systemClock.now(),
    sleep: (milliseconds, signal) => Promise.race([settled, systemClock.sleep(milliseconds, signal)]),
  };
  await pollUntilDone<void>(
    async () => (isSettled ? { done: true, result: undefined } : { done: false, stage: null }),
    `The work on "${deployment}"`,
    { ...options, clock, schedule: { maxDelayMs: 1000 } },
  );
  return running;
}

function refuseUnknown(name: string, id: string, stored: StoredRecord | null, now: number, startedAt: number): void {
  const lock = stored?.record.lock;
  if (lock?.id === id) {
    if (isHeld(lock, now)) return;
    throw new DeploymentError(
      "CANCELLED",
      `The process that worked on ${name} is gone: ${lock.owner}. Make the same call again to go on.`,
    );
  }
  const isBusy = lock ? isHeld(lock, now) : false;
  if (now - startedAt < unseenSeconds * 1000 && !isBusy) return;
  throw unknownCall(name);
}

function unknownCall(name: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `No record shows the call ${name}: it changed nothing, was cut off before it began, or is too long ago. getDeployment says what there is.`,
  );
}

function operationName(deployment: string, id: string): string {
  return `deployments/${encodeURIComponent(deployment)}/calls/${id}`;
}

function parse(name: string): { deployment: string; id: string } {
  const parts = /^deployments\/([^/]+)\/calls\/([0-9a-f-]{36})$/.exec(name);
  const deployment = decoded(parts?.[1]);
  if (deployment !== null && parts?.[2]) return { deployment, id: parts[2] };
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `"${name}" is no operation of this target: they are called deployments/NAME/calls/ID, or projects/PROJECT/locations/REGION/batchPredictionJobs/ID.`,
  );
}

function decoded(part: string | undefined): string | null {
  try {
    return part === undefined ? null : decodeURIComponent(part);
  } catch {
    return null; // a percent sign with something else behind it
  }
}
