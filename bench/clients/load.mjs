// Loads a server over connections that each send one request after the other: JSON {url, bodyFile, connections, seconds, warmUp}
// as its argument, JSON of what it saw as its last line.
import { Client } from "undici";
import { predictionOf, quantile } from "./prediction.mjs";

const { connections, seconds, warmUp, ...task } = JSON.parse(process.argv[2]);
const { origin, ask } = predictionOf(task);
const from = performance.now() + warmUp * 1000;
const until = from + seconds * 1000;
const latencies = [];
let all = 0;
/** Requests of the measured time; one that is only partly in it counts by that part, or slow servers would have too few. */
let counted = 0;

async function useConnection() {
  const client = new Client(origin, { pipelining: 1 });
  for (let begun = performance.now(), end; begun < until; begun = end) {
    end = await ask(client);
    all += 1;
    if (end < from) continue;
    counted += (Math.min(end, until) - Math.max(begun, from)) / (end - begun);
    latencies.push(end - begun);
  }
  await client.close();
}

await Promise.all(Array.from({ length: connections }, useConnection));
const requestsPerSecond = counted / seconds;
console.log(JSON.stringify({ all, requestsPerSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }));
