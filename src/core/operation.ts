import type { Clock } from "./clock.js";
import { DeploymentError, type ErrorCode, throwIfCancelled } from "./errors.js";

/** Work that goes on at the platform, and that another process can attach to by its name. */
export interface Operation<T> {
  /** The platform's name of it, such as `projects/p/locations/l/operations/123`. */
  readonly name: string;
  /** Waits until it is done. Rejects with the platform's own error when it failed. */
  wait(options?: WaitOptions): Promise<T>;
  /** Asks the platform to stop it. Best effort: it may finish all the same. */
  cancel(): Promise<void>;
}

/** The codes of answers after which nothing has begun. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  "INVALID_PARAMETER_VALUE",
  "FAILED_PRECONDITION",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  "RESOURCE_DOES_NOT_EXIST",
  "RESOURCE_EXHAUSTED",
  "NOT_IMPLEMENTED",
]);

/** The platform refused an operation, or ended it with an error: waiting for it again is of no use. */
export class OperationFailedError extends DeploymentError {
  /** Tells this error from one of a wait that was cut short. */
  readonly endedByPlatform = true;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }

  /** `error` as the refusal of a request to start an operation; null when it does not prove that nothing was started. */
  static fromRefusal(error: unknown): OperationFailedError | null {
    if (!DeploymentError.is(error) || !refusals.has(error.code)) return null;
    return new OperationFailedError(error.code, error.message, { cause: error.cause });
  }

  /** Whether `error` says that an operation failed for good, in place of a wait that was cut short. */
  static override is(error: unknown): error is OperationFailedError {
    return DeploymentError.is(error) && "endedByPlatform" in error;
  }
}

/** How long and how to wait for an operation. */
export interface WaitOptions {
  signal?: AbortSignal | undefined;
  /** Seconds until `DEADLINE_EXCEEDED`. The operation itself goes on. */
  timeoutSeconds?: number;
  /** Called after every poll that did not end the wait, with the platform's word for the stage, if it has one. */
  onPoll?: (state: { stage: string | null; elapsedSeconds: number }) => void;
}

/** What one look at an operation found. */
export type OperationState<T> = { done: false; stage: string | null } | { done: true; result: T };

/** The waits between two polls: quick at first, since many operations are, then gentle to the quota. */
export interface PollSchedule {
  /** Milliseconds before the second poll. Default 200. */
  firstDelayMs: number;
  /** Each wait is this many times the one before. Default 1.5. */
  factor: number;
  /** The longest wait, in milliseconds. Default 10,000. */
  maxDelayMs: number;
}

const defaultPollSchedule: PollSchedule = { firstDelayMs: 200, factor: 1.5, maxDelayMs: 10_000 };

/**
 * Polls until `look` finds the operation done: the one polling loop of this package.
 *
 * @throws DeploymentError `DEADLINE_EXCEEDED` after `timeoutSeconds`, `CANCELLED` on `signal`; whatever `look` throws.
 */
export async function pollUntilDone<T>(
  look: () => Promise<OperationState<T>>,
  what: string,
  options: WaitOptions & { clock: Clock; schedule?: Partial<PollSchedule> | undefined },
): Promise<T> {
  const { clock, signal, timeoutSeconds = Number.POSITIVE_INFINITY } = options;
  const schedule = { ...defaultPollSchedule, ...options.schedule };
  const startedAt = clock.now();
  let delayMs = schedule.firstDelayMs;
  for (;;) {
    throwIfCancelled(signal, what);
    const state = await look();
    if (state.done) return state.result;
    const elapsedSeconds = (clock.now() - startedAt) / 1000;
    options.onPoll?.({ stage: state.stage, elapsedSeconds });
    if (elapsedSeconds >= timeoutSeconds) {
      throw new DeploymentError(
        "DEADLINE_EXCEEDED",
        `${what} was not finished after ${Math.round(elapsedSeconds)} s. It goes on at the platform: run the same call again to wait for it, or set a longer timeout.`,
        { retryable: true },
      );
    }
    await clock.sleep(Math.min(delayMs, Math.max(0, timeoutSeconds - elapsedSeconds) * 1000), signal);
    delayMs = Math.min(delayMs * schedule.factor, schedule.maxDelayMs);
  }
}
