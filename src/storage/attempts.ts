import { setTimeout as sleep } from "node:timers/promises";

import type { Storage } from "@google-cloud/storage";

import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import { isPassing } from "./errors.js";

/**
 * How often one transfer is tried, all its requests together, and the waits between, as the client of the library has it. They are
 * counted anew from where it got further.
 */
export class Attempts {
  readonly #options: Storage["retryOptions"];
  readonly #signal: AbortSignal;
  readonly #doing: string;
  #failed = 0;

  constructor(options: Storage["retryOptions"], signal: AbortSignal, doing: string) {
    this.#options = options;
    this.#signal = signal;
    this.#doing = doing;
  }

  /** More of the transfer is done for good than at any attempt before. */
  gotFurther(): void {
    this.#failed = 0;
  }

  /** Does `work` until it succeeds, or there is to be no further attempt. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.after(error);
      }
    }
  }

  /** Waits before the next attempt. @throws What the last one failed with, where there is to be none. */
  async after(failure: unknown): Promise<void> {
    const { autoRetry = true, maxRetries = 3, retryDelayMultiplier = 2, maxRetryDelay = 64 } = this.#options;
    throwIfCancelled(this.#signal, this.#doing);
    const passes = DeploymentError.is(failure) ? failure.retryable : isPassing(failure);
    if (!autoRetry || !passes || this.#failed >= maxRetries) throw failure;
    const longest = Math.min(retryDelayMultiplier ** this.#failed, maxRetryDelay);
    this.#failed += 1;
    // any part of it, so that those who failed together do not come back together
    await sleep(Math.random() * longest * 1000, undefined, { signal: this.#signal }).catch(() => {});
    throwIfCancelled(this.#signal, this.#doing);
  }
}
