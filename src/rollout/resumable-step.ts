import type { Clock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import { type Operation, OperationFailedError, type WaitOptions } from "../core/operation.js";
import type { DeploymentStep, StepContext } from "../core/progress.js";
import type { RecordSession } from "./record-session.js";

/**
 * A step that starts an operation at the platform, written so that a process that comes later meets what an earlier one
 * has begun. It is never started twice: the answer of the request may have been lost, its effect was not.
 */
export interface ResumableStep<T> {
  step: DeploymentStep;
  /** What the step makes, for a person: `the endpoint "iris"`. */
  what: string;
  /** Finds what the step makes, if it is there. */
  find(): Promise<T | null>;
  /**
   * Unfinished operations that may be this step's, for when the answer with its name was lost; null where the platform
   * does not list them.
   */
  running(since: string): Promise<Operation<unknown>[] | null>;
  /** The operation of that name. */
  attach(operationName: string): Operation<unknown>;
  /** Starts it. May reject with `RESOURCE_ALREADY_EXISTS` when an earlier process's request is still on its way. */
  start(): Promise<Operation<unknown>>;
}

/** How long a step may take, and by which clock. */
export interface StepLimits {
  /** Seconds that each of the platform's operations may take. */
  timeoutSeconds: number;
  clock: Clock;
}

/** How long the effect of a request without a known answer may take to show, where the platform lists no operations. */
const settleSeconds = 60;

/** How a step came to its end. */
export interface StepOutcome<T> {
  value: T;
  /** False when all was there already. */
  changed: boolean;
}

/**
 * Brings a step to its end: finds what is there, waits for what an earlier process has started, or starts it.
 *
 * @throws DeploymentError whatever the platform answers; `OperationFailedError` when the operation failed for good.
 */
export async function completeStep<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  limits: StepLimits,
): Promise<StepOutcome<T>> {
  const say = (status: "started" | "done" | "skipped", message: string) =>
    context.report({ type: "step", step: step.step, status, message });

  const there = await step.find();
  if (there !== null) {
    say("skipped", `${step.what} is there`);
    return { value: there, changed: false };
  }

  say("started", step.what);
  let made = await finishEarlier(step, session, context, limits);
  if (made === null) {
    await session.begun(step.step);
    made = await startAndWait(step, session, context, limits);
  }
  say("done", step.what);
  return { value: made, changed: true };
}

/** What an earlier process began and did not see the end of; null when there is nothing of it. */
async function finishEarlier<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  limits: StepLimits,
): Promise<T | null> {
  const pending = session.record.pending;
  if (pending?.step !== step.step) return null;
  const operations = pending.operation ? [step.attach(pending.operation)] : await step.running(pending.startedAt);
  if (operations === null) {
    const secondsAgo = (limits.clock.now() - Date.parse(pending.startedAt)) / 1000;
    return awaitFound(step, context, limits, Math.max(0, settleSeconds - secondsAgo));
  }
  for (const operation of operations) await wait(operation, step, context, limits);
  return step.find();
}

async function startAndWait<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  limits: StepLimits,
): Promise<T> {
  let operation: Operation<unknown>;
  try {
    operation = await step.start();
  } catch (error) {
    if (!DeploymentError.is(error) || error.code !== "RESOURCE_ALREADY_EXISTS") {
      throw OperationFailedError.fromRefusal(error) ?? error;
    }
    const made = await awaitFound(step, context, limits, limits.timeoutSeconds);
    if (made === null) throw error;
    return made;
  }
  await session.started(operation.name);
  await wait(operation, step, context, limits);
  const made = await step.find();
  if (made !== null) return made;
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `The platform says that ${step.what} is done (${operation.name}), but it is not there. Run the same call again.`,
    { retryable: true },
  );
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

function wait<T>(operation: Operation<T>, step: ResumableStep<unknown>, context: StepContext, limits: StepLimits): Promise<T> {
  const options: WaitOptions = {
    signal: context.signal,
    timeoutSeconds: limits.timeoutSeconds,
    onPoll: ({ stage, elapsedSeconds }) =>
      context.report({ type: "operation", step: step.step, operation: operation.name, stage, elapsedSeconds }),
  };
  return operation.wait(options);
}
