import { checkEqual, predictionsOf } from "../equal-answers.js";
import { load, startServers } from "../load.js";
import type { Surroundings } from "../measurement.js";
import { modelServers, type RunningServer } from "../servers.js";
import { flowers, trainSmallModel } from "../small-model.js";
import type { Series } from "./series.js";

const sizes = [1, 10, 100, 1000, 10_000, 100_000];
/** So that requests of 100,000 rows do not take all memory. */
const connections = 2;
/** A server that has not answered one request by then cannot do so many rows. Milliseconds. */
const longest = 30_000;

/** Requests a second with more and more rows each, by servers of the same model. */
export async function growthOfServers(surroundings: Surroundings): Promise<Series[]> {
  const model = await trainSmallModel(surroundings);
  const starts = await modelServers(model, surroundings);
  const servers = await startServers(starts, predictionsOf, surroundings);
  const lines: Series["lines"] = Object.keys(servers).map((name) => ({ name, values: [] }));
  const notes: string[] = [];
  for (const size of sizes) {
    const rows = Array.from({ length: size }, (_, row) => flowers[row % flowers.length] ?? []);
    const body = model.requestOf(rows);
    const answers: Record<string, unknown> = {};
    for (const [index, [name, idle]] of Object.entries(servers).entries()) {
      surroundings.say(`${size} rows a request: ${name}`);
      const server = { ...idle, body };
      const answer = await firstAnswer(server, surroundings.signal);
      if ("failure" in answer) notes.push(`${name} did not do ${size} rows: ${answer.failure}`);
      else answers[name] = predictionsOf(answer.json);
      const numbers = "failure" in answer ? {} : await load(server, { connections }, surroundings);
      lines[index]?.values.push(numbers["requestsPerSecond"] ?? null);
    }
    checkEqual(answers);
  }
  const title = "Served requests a second";
  return [{ title, of: "rows a request", sizes, unit: "/s", lines, notes }];
}

/** What a server says to one request, or why it says nothing. */
async function firstAnswer(
  { url, body }: RunningServer,
  signal: AbortSignal,
): Promise<{ json: unknown } | { failure: string }> {
  const headers = { "content-type": "application/json" };
  const given = AbortSignal.any([signal, AbortSignal.timeout(longest)]);
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal: given });
    if (response.ok) return { json: await response.json() };
    return { failure: `it answered ${response.status}, ${(await response.text()).slice(0, 200)}` };
  } catch (error) {
    signal.throwIfAborted();
    return { failure: (error as Error).message };
  }
}
