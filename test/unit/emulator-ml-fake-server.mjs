// A server of a prediction class for the emulator's tests: the class's name and the request say what it does.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

const [port, modelDir, className] = process.argv.slice(2);

if (className === "fake.Broken") {
  process.stderr.write(
    "Traceback\nFailed to load model: Unexpected error when loading the model: No module named 'iris'\n",
  );
  process.exit(1);
}

const replies = {
  model: async () => [await readFile(join(modelDir, "data", "weights"), "utf8")],
  storage: async ({ path }) => {
    const response = await fetch(`${process.env.STORAGE_EMULATOR_HOST}/storage/v1/b/${path}?alt=media`);
    return [response.status, await response.text()];
  },
  who: () => [className, process.pid],
  log: ({ line }) => [process.stdout.write(`${line}\n`)],
  crash: () => process.exit(1),
};

async function respond(request, response) {
  response.setHeader("content-type", "application/json");
  if (request.method === "GET") return response.writeHead(className === "fake.Slow" ? 503 : 200).end("{}");
  const body = Buffer.concat(await request.toArray()).toString();
  const { instances, reply, ...rest } = JSON.parse(body);
  const predictions = replies[reply] ? await replies[reply](rest) : [instances, rest];
  return response.end(JSON.stringify({ predictions }));
}

createServer((request, response) => void respond(request, response)).listen(Number(port), "127.0.0.1");
