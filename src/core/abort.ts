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
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
