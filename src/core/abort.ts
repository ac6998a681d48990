import { setMaxListeners } from "node:events";

/**
 * Calls `listener` when the signal is aborted, which it is not yet.
 *
 * Any number of calls may share one signal, and each listens: Node.js would warn of the eleventh as of one that nobody takes away.
 *
 * @returns Has it called no more.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/**
 * The outcome of `work`, or a rejection as soon as the signal is aborted. What goes on then has nobody who waits for it.
 *
 * @param failure - Makes what it rejects with of the signal's reason. Default: the reason itself.
 */
export function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  failure: (reason: unknown) => unknown = (reason) => reason,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(failure(signal.reason));
    const stopListening = signal.aborted ? stop() : onAbort(signal, stop);
    void work.then(resolve, reject).finally(() => stopListening?.());
  });
}
