import type { Clock } from "../core/clock.js";
import { throwIfCancelled } from "../core/errors.js";

/** A clock whose time passes only in `sleep` and `advance`: waits end at once. */
export class MockClock implements Clock {
  #now: number;

  /** @param start - Milliseconds since the epoch. Default 2026-01-01T00:00:00Z. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    this.#now += milliseconds;
    return Promise.resolve().then(() => throwIfCancelled(signal, "The wait"));
  }

  /** Lets time pass. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
