import type { StepContext } from "./progress.js";

/**
 * Does several things at the same time. When one fails, the others are stopped and waited for, so that nothing goes on behind
 * the failure; then the first failure is thrown, whatever the stopped ones say.
 *
 * @param works - Each gets the context with a signal that also stops it when another one fails.
 * @returns What they gave, in their order.
 */
export async function together<Results extends readonly unknown[]>(
  context: StepContext,
  ...works: { [Index in keyof Results]: (context: StepContext) => Promise<Results[Index]> }
): Promise<Results> {
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  let failure: { error: unknown } | undefined;
  const results = await Promise.all(
    works.map(async (work) => {
      try {
        return await work({ ...context, signal });
      } catch (error) {
        failure ??= { error };
        stop.abort();
        return undefined;
      }
    }),
  );
  if (failure) throw failure.error;
  return results as unknown as Results;
}
