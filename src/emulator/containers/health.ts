import { setTimeout as delay } from "node:timers/promises";

/** "Custom container requirements": a check is a GET that answers within ten seconds, with exactly 200. */
const checkTimeoutMs = 10_000;
const firstIntervalMs = 50;
const longestIntervalMs = 1000;

/** Asks until the server answers 200; rejects with the signal's reason when that comes first. */
export async function untilHealthy(url: string, signal: AbortSignal): Promise<void> {
  let interval = firstIntervalMs;
  while (!(await isHealthy(url, signal))) {
    signal.throwIfAborted();
    await delay(interval, undefined, { signal }).catch(() => signal.throwIfAborted());
    interval = Math.min(interval * 2, longestIntervalMs);
  }
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.timeout(checkTimeoutMs);
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.any([signal, timeout]) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false; // not listening yet, or too slow
  }
}
