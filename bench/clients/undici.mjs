// The same requests as predict.mjs by undici alone, with as many connections as there are calls at a time: what Node.js can do.
import { Pool } from "undici";
import { repeat } from "./repeat.mjs";

const { host, endpoint, rows, seconds, concurrency } = JSON.parse(process.argv[2]);
const pool = new Pool(`http://${host}`, { connections: concurrency, pipelining: 1 });

async function predict() {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ instances: rows });
  const answer = await pool.request({ path: `/v1/${endpoint}:predict`, method: "POST", headers, body });
  return (await answer.body.json()).predictions;
}

console.log(JSON.stringify(await repeat(predict, { seconds, concurrency })));
await pool.close();
