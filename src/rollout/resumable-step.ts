import { DeploymentError } from "../core/errors.js";
import type { Operation, WaitOptions } from "../core/operation.js";
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
  /** Unfinished operations that may be this step's, for when the answer with its name was lost. */
  running(since: string): Promise<Operation<unknown>[]>;
  /** The operation of that name. */
  attach(operationName: string): Operation<unknown>;
  /** Starts it. May reject with `RESOURCE_ALREADY_EXISTS` when an earlier process's request is still on its way. */
  start(): Promise<Operation<unknown>>;
  /** Waits until `find` sees what was made elsewhere. */
  awaitFound(): Promise<T>;
}

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
  timeoutSeconds: number,
): Promise<StepOutcome<T>> {
  const say = (status: "started" | "done" | "skipped", message: string) =>
    context.report({ type: "step", step: step.step, status, message });

  const there = await step.find();
  if (there !== null) {
    say("skipped", `${step.what} is there`);
    return { value: there, changed: false };
  }

  say("started", step.what);
  for (const operation of await begunEarlier(step, session)) await wait(operation, step, context, timeoutSeconds);
  let made = await step.find();
  if (made === null) {
    await session.begun(step.step);
    made = await startAndWait(step, session, context, timeoutSeconds);
  }
  say("done", step.what);
  return { value: made, changed: true };
}

async function begunEarlier<T>(step: ResumableStep<T>, session: RecordSession): Promise<Operation<unknown>[]> {
  const pending = session.record.pending;
  if (pending?.step !== step.step) return [];
  return pending.operation ? [step.attach(pending.operation)] : step.running(pending.startedAt);
}

async function startAndWait<T>(
  step: ResumableStep<T>,
  session: RecordSession,
  context: StepContext,
  timeoutSeconds: number,
): Promise<T> {
  let operation: Operation<unknown>;
  try {
    operation = await step.start();
  } catch (error) {
    if (DeploymentError.is(error) && error.code === "RESOURCE_ALREADY_EXISTS") return step.awaitFound();
    throw error;
  }
  await session.started(operation.name);
  await wait(operation, step, context, timeoutSeconds);
  const made = await step.find();
  if (made !== null) return made;
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `The platform says that ${step.what} is done (${operation.name}), but it is not there. Run the same call again.`,
    { retryable: true },
  );
}

function wait<T>(operation: Operation<T>, step: ResumableStep<unknown>, context: StepContext, timeoutSeconds: number): Promise<T> {
  const options: WaitOptions = {
    signal: context.signal,
    timeoutSeconds,
    onPoll: ({ stage, elapsedSeconds }) =>
      context.report({ type: "operation", step: step.step, operation: operation.name, stage, elapsedSeconds }),
  };
  return operation.wait(options);
}
