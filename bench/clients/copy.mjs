// Brings a model from an MLflow server into a bucket by undici alone, several files at a time, with no listing and no checks:
// what the two stores can do. JSON as that of stage.mjs as its argument, with the server's `artifacts` directory, which says what
// files there are; JSON as its last line.
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { Pool } from "undici";

const { trackingUri, artifacts, first, modelUri, host, bucket, prefix } = JSON.parse(process.argv[2]);
/** Both stores are full with fewer. */
const filesAtOnce = 8;
const from = new Pool(trackingUri, { connections: filesAtOnce, pipelining: 1 });
const to = new Pool(`http://${host}`, { connections: filesAtOnce, pipelining: 1 });
const boundary = "the-next-part";
const start = Buffer.from(`--${boundary}\r\ncontent-type: application/json\r\n\r\n{}\r\n--${boundary}\r\n\r\n`);
const end = Buffer.from(`\r\n--${boundary}--`);
const headers = { "content-type": `multipart/related; boundary=${boundary}` };

async function answered(pool, request) {
  const { statusCode, body } = await pool.request(request);
  const bytes = await body.arrayBuffer();
  if (statusCode === 200) return Buffer.from(bytes);
  throw new Error(`${request.method} ${request.path} was answered ${statusCode}.`);
}

/** Files are small enough to be sent as one piece each, which is quicker than in three. */
async function copy(folder, file, name) {
  const path = `/api/2.0/mlflow-artifacts/artifacts/${folder}/${file}`;
  const bytes = await answered(from, { method: "GET", path });
  const query = new URLSearchParams({ uploadType: "multipart", name });
  const body = Buffer.concat([start, bytes, end]);
  await answered(to, { method: "POST", path: `/upload/storage/v1/b/${bucket}/o?${query}`, headers, body });
}

/** Copies the files of a folder of the server, and gives the milliseconds that it took. */
async function copyAll(uri, target) {
  const folder = new URL(uri).pathname.slice(1);
  const directory = join(artifacts, folder);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
  const started = performance.now();
  const copyNext = async () => {
    for (let file; (file = files.pop()) !== undefined;) await copy(folder, file, `${target}/${file}`);
  };
  await Promise.all(Array.from({ length: filesAtOnce }, copyNext));
  return performance.now() - started;
}

await copyAll(first, `first-${prefix}`);
console.log(JSON.stringify({ time: await copyAll(modelUri, prefix) }));
await Promise.all([from.close(), to.close()]);
