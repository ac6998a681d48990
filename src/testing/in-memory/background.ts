import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { Operation, WaitOptions } from "../../core/operation.js";
import type { MemoryState } from "./state.js";

/** Lets `work` go on by itself, and gives an operation that any client of the target can attach to. */
export function inBackground<T>(state: MemoryState, work: (signal: AbortSignal) => Promise<T>): Operation<T> {
  const stop = new AbortController();
  const result = work(stop.signal);
  // a failure is for those who wait; nobody may
  result.catch(() => {});
  const operation: Operation<T> = {
    name: `in-memory/operations/${state.nextId()}`,
    wait: (options = {}) => waitFor(result, options),
    cancel: async () => stop.abort(),
  };
  state.operations.set(operation.name, operation);
  return operation;
}

/** The operation of that name; to wait for it is an error where there is none. */
export function attach<T>(name: string, state: MemoryState): Operation<T> {
  const known = state.operations.get(name) as Operation<T> | undefined;
  const refusal = new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no operation "${name}".`);
  const reject = () => Promise.reject(refusal);
  return known ?? { name, wait: reject, cancel: reject };
}

/** `result`, or the end of the caller's patience. */
async function waitFor<T>(result: Promise<T>, { signal, timeoutSeconds }: WaitOptions): Promise<T> {
  throwIfCancelled(signal, "The wait");
  const timeout = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  const ends = [signal, timeout].filter((end) => end !== undefined);
  let settle: (error: DeploymentError) => void;
  const givenUp = new Promise<never>((_, reject) => {
    settle = reject;
  });
  const giveUp = () =>
    settle(
      signal?.aborted
        ? new DeploymentError("CANCELLED", "The wait was cancelled.", { cause: signal.reason })
        : new DeploymentError("DEADLINE_EXCEEDED", `The operation was not finished after ${timeoutSeconds} s.`),
    );
  for (const end of ends) end.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([result, givenUp]);
  } finally {
    for (const end of ends) end.removeEventListener("abort", giveUp);
  }
}
