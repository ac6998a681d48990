import { setTimeout as delay } from "node:timers/promises";

import { DeploymentError } from "./errors.js";

/** Time, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits. Rejects with `CANCELLED` when `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await delay(milliseconds, undefined, signal ? { signal } : {});
    } catch (error) {
      throw new DeploymentError("CANCELLED", "The wait was cancelled.", { cause: error });
    }
  },
};
