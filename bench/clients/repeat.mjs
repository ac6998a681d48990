/** How long nobody counts, so that what is compiled as it runs is: milliseconds. */
const warmUp = 1000;

/**
 * Calls `predict` once, and then over and over, some at a time, after a second in which nobody counts.
 *
 * @param {() => Promise<unknown[]>} predict
 * @param {{ seconds: number, concurrency: number }} task
 * @returns {Promise<{ requestsPerSecond: number, predictions: unknown[] }>} of the first call its predictions
 */
export async function repeat(predict, { seconds, concurrency }) {
  const predictions = await predict();
  await rate(predict, warmUp, concurrency);
  return { requestsPerSecond: await rate(predict, seconds * 1000, concurrency), predictions };
}

async function rate(predict, milliseconds, concurrency) {
  const started = performance.now();
  let requests = 0;
  const loop = async () => {
    while (performance.now() < started + milliseconds) {
      await predict();
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return (requests * 1000) / (performance.now() - started);
}
