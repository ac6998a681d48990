// Loads a server: JSON {url, body, connections, seconds, warmUp} as its argument, JSON of what it saw as its last line.
import { Client } from "undici";

const { url, body, connections, seconds, warmUp } = JSON.parse(process.argv[2]);
const { origin, pathname } = new URL(url);
const request = { path: pathname, method: "POST", headers: { "content-type": "application/json" }, body };

const started = performance.now();
const from = started + warmUp * 1000;
const until = from + seconds * 1000;
const latencies = [];
let all = 0;

async function useConnection() {
  const client = new Client(origin, { pipelining: 1 });
  for (let now = performance.now(); now < until;) {
    const { statusCode, body: answer } = await client.request(request);
    const text = await answer.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text.slice(0, 300)}`);
    const end = performance.now();
    all += 1;
    if (now >= from) latencies.push(end - now);
    now = end;
  }
  await client.close();
}

await Promise.all(Array.from({ length: connections }, useConnection));
const measured = (performance.now() - from) / 1000;
latencies.sort((a, b) => a - b);
const quantile = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
const rate = latencies.length / measured;
console.log(JSON.stringify({ all, requestsPerSecond: rate, p50: quantile(0.5), p99: quantile(0.99) }));
