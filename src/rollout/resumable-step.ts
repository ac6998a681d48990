import type { Clock } from "../core/clock.js";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import { type Operation, OperationFailedError } from "../core/operation.js";
import type { DeploymentStep, StepContext } from "../core/progress.js";
import { together } from "../core/together.js";
import type { RecordSession } from "./record-session.js";

/**
 * A step that starts an operation at the platform, written so that a process that comes later meets what an earlier one
 * has begun. It is never started twice: the answer of the request may have been lost, its effect was not.
 */
export interface ResumableStep<T> {
  step: DeploymentStep;
  /** What the step makes, for a person: `the endpoint "iris"`. */
  what: string;
  /** Whether it is known already that what the step makes is not there. What an earlier process began is looked for all the same. */
  isAbsent?: boolean;
  /** Finds what the step makes, if it is there. */
  find(): Promise<T | null>;
  /** Unfinished operations that may be this step's; null where the platform does not list them. */
  running(): Promise<Operation<unknown>[] | null>;
  /** The operation of that name. */
  attach(operationName: string): Operation<unknown>;
  /** Starts it. May reject with `RESOURCE_ALREADY_EXISTS` when an earlier request is still on its way. */
  start(): Promise<Operation<T>>;
}

/** How a step came to its end. */
export interface StepOutcome<T> {
  value: T;
  /** False when all was there already. */
  changed: boolean;
}

/** How long a step may take, and by which clock. */
export interface StepLimits {
  /** Seconds that each of the platform's operations may take. */
  timeoutSeconds: number;
  clock: Clock;
}

/** How long the effect of a request may take to show, where its operation is not known. */
const settleSeconds = 60;

/**
 * Brings a step to its end: waits for what an earlier process has started, finds what is there, or starts it.
 *
 * @throws DeploymentError whatever the platform answers; `OperationFailedError` when it refused, or failed for good.
 */
export async function completeStep<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  limits: StepLimits,
): Promise<StepOutcome<T>> {
  const say = (status: "started" | "done" | "skipped", message: string) =>
    context.report({ type: "step", step: step.step, status, message });

  throwIfCancelled(context.signal, `The step ${step.step}`);
  const wasBegun = session.record.pending?.step === step.step;
  // What is found while its operation runs may not be finished, so the operation comes first.
  const waited = await finishEarlier(step, session, context, limits);
  const there = step.isAbsent && !wasBegun ? null : await step.find();
  if (there !== null) {
    say(waited ? "done" : "skipped", waited ? step.what : `${step.what} is there`);
    return { value: there, changed: waited };
  }
  say("started", step.what);
  await session.begun(step.step);
  const value = await startAndWait(step, session, context, limits);
  say("done", step.what);
  return { value, changed: true };
}

/** Waits for what an earlier process began and did not see the end of. True when there was something. */
async function finishEarlier<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  limits: StepLimits,
): Promise<boolean> {
  const { pending } = session.record;
  if (pending?.step !== step.step) return false;
  if (pending.operation === null) return finishUnnamed(step, pending.startedAt, context, limits);
  try {
    await waitFor(step.attach(pending.operation), step, context, limits);
    return true;
  } catch (error) {
    // the platform forgets operations after a while
    if (OperationFailedError.is(error) || !hasCode(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
    return false;
  }
}

/** The same where the answer with the operation's name was lost. */
async function finishUnnamed<T>(
  step: ResumableStep<T>,
  startedAt: string,
  context: StepContext,
  limits: StepLimits,
): Promise<boolean> {
  const operations = await step.running();
  if (operations === null) {
    const secondsAgo = (limits.clock.now() - Date.parse(startedAt)) / 1000;
    return (await awaitFound(step, context, limits, settleSeconds - secondsAgo)) !== null;
  }
  for (const operation of operations) {
    await waitFor(operation, step, context, limits).catch((error: unknown) => {
      // it may have been another's: what counts is what is found afterwards
      if (!OperationFailedError.is(error)) throw error;
    });
  }
  return operations.length > 0;
}

async function startAndWait<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  limits: StepLimits,
): Promise<T> {
  let operation: Operation<T>;
  try {
    operation = await step.start();
  } catch (error) {
    if (!hasCode(error, "RESOURCE_ALREADY_EXISTS")) throw OperationFailedError.fromRefusal(error) ?? error;
    // a repeated request meets its own first one, whose answer was lost
    for (const running of (await step.running()) ?? []) await waitFor(running, step, context, limits);
    const made = await awaitFound(step, context, limits, settleSeconds);
    if (made === null) throw error;
    return made;
  }
  const [, value] = await together(
    context,
    () => session.started(operation.name),
    (both) => waitFor(operation, step, both, limits),
  );
  return value;
}

/** Looks until an effect shows whose operation is not known; null when it does not within `seconds`. */
async function awaitFound<T>(
  step: ResumableStep<T>,
  context: StepContext,
  limits: StepLimits,
  seconds: number,
): Promise<T | null> {
  const deadline = limits.clock.now() + seconds * 1000;
  for (;;) {
    const found = await step.find();
    if (found !== null || limits.clock.now() >= deadline) return found;
    await limits.clock.sleep(2000, context.signal);
  }
}

/** Waits for an operation, and tells how it goes. */
export function waitFor<T>(
  operation: Operation<T>,
  { step }: { step: DeploymentStep },
  context: StepContext,
  limits: StepLimits,
): Promise<T> {
  return operation.wait({
    signal: context.signal,
    timeoutSeconds: limits.timeoutSeconds,
    onPoll: ({ stage, elapsedSeconds }) =>
      context.report({ type: "operation", step, operation: operation.name, stage, elapsedSeconds }),
  });
}

function hasCode(error: unknown, code: DeploymentError["code"]): boolean {
  return DeploymentError.is(error) && error.code === code;
}
