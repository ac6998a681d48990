/**
 * Calls `predict` once, and then over and over, some at a time.
 *
 * @param {() => Promise<unknown[]>} predict
 * @param {{ seconds: number, concurrency: number }} task
 * @returns {Promise<{ requestsPerSecond: number, predictions: unknown[] }>} of the first call its predictions
 */
export async function repeat(predict, { seconds, concurrency }) {
  const predictions = await predict();
  const started = performance.now();
  let requests = 0;
  const loop = async () => {
    while (performance.now() < started + seconds * 1000) {
      await predict();
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return { requestsPerSecond: (requests * 1000) / (performance.now() - started), predictions };
}
