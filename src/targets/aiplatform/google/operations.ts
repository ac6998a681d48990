import type { Clock } from "../../../core/clock.js";
import { DeploymentError } from "../../../core/errors.js";
import { type Operation, type PollSchedule, pollUntilDone } from "../../../core/operation.js";
import type { CallSettings, GoogleCaller } from "./call.js";
import { operationError } from "./errors.js";

/** `google.longrunning.Operation`, as every API of Google's answers it. */
export interface GoogleOperation {
  name?: string | null;
  done?: boolean | null;
  metadata?: Record<string, unknown> | null;
  error?: { code?: number | null; message?: string | null; details?: unknown[] | null };
  response?: Record<string, unknown> | null;
}

/** The methods of an API on its operations. */
interface OperationsApi {
  get(name: string, settings: CallSettings): Promise<{ data: GoogleOperation }>;
  cancel(name: string): Promise<{ data: unknown }>;
}

/** What a long-running operation is, to those who wait for it. */
export interface LongRunning<T> {
  name: string;
  /** For messages, with the resource's name: `Creating the endpoint projects/p/…`. */
  doing: string;
  caller: GoogleCaller;
  api: OperationsApi;
  /** Makes the result of `Operation.response`, which is `{}` where the API answers `Empty`. */
  convert(response: Record<string, unknown>, signal: AbortSignal | undefined): T | Promise<T>;
  clock: Clock;
  schedule?: Partial<PollSchedule> | undefined;
}

/** An operation of Google's that can be waited for, and attached to by its name. */
export function longRunningOperation<T>(operation: LongRunning<T>): Operation<T> {
  const { name, doing, caller, api } = operation;
  return {
    name,
    async wait(options = {}) {
      const { signal } = options;
      const look = async () => {
        const state = await caller.run({ doing: `${doing} (${name})`, signal }, (settings) => api.get(name, settings));
        if (!state.done) return { done: false as const, stage: stageOf(state) };
        if (state.error?.code) throw operationError(state.error, await caller.failed(doing, state.error.code === 7));
        return { done: true as const, result: await operation.convert(state.response ?? {}, signal) };
      };
      return pollUntilDone(look, doing, { ...options, clock: operation.clock, schedule: operation.schedule });
    },
    async cancel() {
      try {
        await caller.run({ doing: `Cancelling: ${doing} (${name})` }, () => api.cancel(name));
      } catch (error) {
        if (!isAnyOf(error, "NOT_IMPLEMENTED", "RESOURCE_DOES_NOT_EXIST")) throw error;
      }
    },
  };
}

/** An operation for something that was done already. */
export function finishedOperation<T>(name: string, result: T): Operation<T> {
  return { name, wait: () => Promise.resolve(result), cancel: () => Promise.resolve() };
}

/** Whether an error has one of the codes. */
export function isAnyOf(error: unknown, ...codes: DeploymentError["code"][]): error is DeploymentError {
  return DeploymentError.is(error) && codes.includes(error.code);
}

/** `DeployModelOperationMetadata.deployment_stage`; other operations have no stage. */
function stageOf(operation: GoogleOperation): string | null {
  const stage = operation.metadata?.["deploymentStage"];
  return typeof stage === "string" && stage !== "DEPLOYMENT_STAGE_UNSPECIFIED" ? stage : null;
}

/** An operation that takes something away: that it was gone already is its end, and no failure. */
export function removal(operation: Operation<void>): Operation<void> {
  return {
    ...operation,
    async wait(options) {
      try {
        await operation.wait(options);
      } catch (error) {
        // the request met an earlier one that was still at work
        if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
      }
    },
  };
}
