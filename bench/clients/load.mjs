// Loads a server: JSON {url, bodyFile, connections, rate?, seconds, warmUp} as its argument, JSON of what it saw as its last line.
// With a rate, requests go out at their time, and their latency counts from that time, whether or not one could be sent then.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "undici";

const { url, bodyFile, connections, rate, seconds, warmUp } = JSON.parse(process.argv[2]);
const { origin, pathname } = new URL(url);
const body = readFileSync(bodyFile);
const request = { path: pathname, method: "POST", headers: { "content-type": "application/json" }, body };

const started = performance.now();
const from = started + warmUp * 1000;
const until = from + seconds * 1000;
const latencies = [];
let all = 0;

/** One request, whose latency counts from `begun`. */
async function ask(dispatcher, begun) {
  const { statusCode, body: answer } = await dispatcher.request(request);
  const text = await answer.text();
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text.slice(0, 300)}`);
  all += 1;
  const end = performance.now();
  if (begun >= from) latencies.push(end - begun);
  return end;
}

async function useConnection() {
  const client = new Client(origin, { pipelining: 1 });
  for (let now = performance.now(); now < until;) now = await ask(client, now);
  await client.close();
}

async function sendAtRate() {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const pending = new Set();
  const failures = [];
  for (let due = started; due < until && failures.length === 0; due += 1000 / rate) {
    // a timer's fraction of a millisecond is cut off, and what goes out early would look quicker than it was
    for (let early; (early = due - performance.now()) > 0;) await sleep(Math.ceil(early));
    const sent = ask(pool, due)
      .catch((error) => failures.push(error))
      .finally(() => pending.delete(sent));
    pending.add(sent);
  }
  await Promise.all(pending);
  if (failures.length > 0) throw failures[0];
  await pool.close();
}

await (rate === undefined ? Promise.all(Array.from({ length: connections }, useConnection)) : sendAtRate());
const measured = (Math.max(performance.now(), until) - from) / 1000;
latencies.sort((a, b) => a - b);
const quantile = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
const requestsPerSecond = latencies.length / measured;
console.log(JSON.stringify({ all, requestsPerSecond, p50: quantile(0.5), p99: quantile(0.99) }));
