// What the two programs that load a server have in common.
import { readFileSync } from "node:fs";

/**
 * A prediction that is asked for over and over.
 *
 * @param {{ url: string, bodyFile: string }} task
 */
export function predictionOf({ url, bodyFile }) {
  const { origin, pathname } = new URL(url);
  const headers = { "content-type": "application/json" };
  const request = { path: pathname, method: "POST", headers, body: readFileSync(bodyFile) };

  /** Asks once, and says when it was answered, in milliseconds. @throws Error for any answer but 200 */
  async function ask(dispatcher) {
    const { statusCode, body: answer } = await dispatcher.request(request);
    const text = await answer.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text.slice(0, 300)}`);
    return performance.now();
  }

  return { origin, ask };
}

/**
 * @param {number[]} numbers
 * @param {number} share 0.5 for the median
 */
export function quantile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
