// Sends a server requests at a rate, whether or not the ones before are answered: JSON {url, bodyFile, connections, rate, seed,
// seconds, warmUp} as its argument, JSON of what it saw as its last line. A request's latency counts from when it was due.
//
// Requests come as those of many independent clients do, a Poisson process: gaps are random, with the same numbers for the same
// seed. In between the program looks at the clock and its sockets in turns, since a timer wakes up to 2 ms late; so it takes a core.
import { setFlagsFromString } from "node:v8";
import { Pool } from "undici";
import { predictionOf, quantile } from "./prediction.mjs";

// the threads that compile hot functions share this program's core, and would hold it up for milliseconds
setFlagsFromString("--no-opt");

const { connections, rate, seed, seconds, warmUp, ...task } = JSON.parse(process.argv[2]);
const { origin, ask } = predictionOf(task);
const pool = new Pool(origin, { connections, pipelining: 1 });

/** When requests are due, in milliseconds after the first. */
function* dueTimes() {
  const random = randomNumbers(seed);
  for (let due = 0; due < (warmUp + seconds) * 1000; due -= (Math.log(1 - random()) * 1000) / rate) yield due;
}

/** Waits with as little garbage as there can be, which would have to be collected. */
function until(time) {
  return new Promise((resolve) => {
    const look = () => (performance.now() < time ? setImmediate(look) : resolve());
    look();
  });
}

/** Numbers from 0 to below 1 (mulberry32). */
function randomNumbers(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// all connections are there before anything is due
await Promise.all(Array.from({ length: connections }, () => ask(pool)));

const started = performance.now();
const sent = [];
const failures = [];
for (const due of dueTimes()) {
  await until(started + due);
  if (failures.length > 0) break;
  const request = { due, late: performance.now() - started - due };
  request.answer = ask(pool).then(
    (end) => (request.latency = end - started - due),
    (error) => failures.push(error),
  );
  sent.push(request);
}
await Promise.all(sent.map(({ answer }) => answer));
if (failures.length > 0) throw failures[0];
await pool.close();

const measured = sent.filter(({ due }) => due >= warmUp * 1000);
const latencies = measured.map(({ latency }) => latency);
const late = measured.map((request) => request.late);
const lastThird = latencies.slice(Math.floor((latencies.length * 2) / 3));
console.log(
  JSON.stringify({
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    p50OfLastThird: quantile(lastThird, 0.5),
    lateP50: quantile(late, 0.5),
    lateP99: quantile(late, 0.99),
  }),
);
