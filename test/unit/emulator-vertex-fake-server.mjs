// A model server for the emulator's tests: what `parameters.reply` asks for is how it answers.
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const { AIP_HTTP_PORT, AIP_PREDICT_ROUTE, AIP_HEALTH_ROUTE, FAKE_MODE, FAKE_MARKER, SERVING_HOST } = process.env;

process.stdout.write(`starting as ${FAKE_MODE ?? "a good server"}\n`);
if (FAKE_MODE === "exit") {
  process.stderr.write("no module named iris\n");
  process.exit(3);
}

// A server that starts a single time: there is a file from then on.
if (FAKE_MARKER) {
  if (existsSync(FAKE_MARKER)) process.exit(4);
  writeFileSync(FAKE_MARKER, "");
}

const numbers = (instance) => (typeof instance === "object" ? Object.values(instance).flat() : [instance]);

const replies = {
  // models to explain: of an instance that is a number, a list or an object of them
  linear: ({ instances }) => ({
    predictions: instances.map(numbers).map(([a, b = 0, c = 0]) => 1 + 2 * a + 3 * b - c),
  }),
  product: ({ instances }) => ({ predictions: instances.map(numbers).map(([a, b]) => a * b) }),
  scores: ({ instances }) => ({
    predictions: instances.map(numbers).map(([a, b]) => ({ scores: [a, 10 * b, a + b], names: ["x", "y", "z"] })),
  }),
  words: ({ instances }) => ({ predictions: instances.map(() => "setosa") }),
  length: ({ instances }) => ({ predictions: instances.map(({ text }) => text.length) }),
  // answers once a file is there, or at once what is not `only`
  hold: async ({ until, only, instances }) => {
    if (only !== undefined && !instances.includes(only)) return { predictions: instances };
    process.stdout.write(`holding until ${until}\n`);
    while (!existsSync(until)) await delay(5);
    return { predictions: [process.env.AIP_DEPLOYED_MODEL_ID] };
  },
  // of a batch: how many instances came together, and with what
  together: ({ instances }) => ({ predictions: instances.map(() => instances.length) }),
  told: ({ instances, ...rest }) => ({ predictions: instances.map((each) => [each, { ...rest, reply: undefined }]) }),
  short: ({ instances }) => ({ predictions: instances.slice(1) }),
  mortal: ({ instances }) => (instances.includes("poison") ? process.exit(1) : { predictions: instances }),
  env: () => ({ predictions: [process.env] }),
  argv: () => ({ predictions: process.argv.slice(2) }),
  cwd: () => ({ predictions: [process.cwd()] }),
  pid: () => ({ predictions: [process.pid] }),
  who: () => ({ predictions: [process.env.AIP_DEPLOYED_MODEL_ID], metadata: { served: true } }),
  nothing: () => ({ outputs: [] }),
  crash: () => process.exit(1),
  storage: async ({ object }) => {
    const [, bucket, prefix] = /^gs:\/\/([^/]+)\/(.*)$/.exec(process.env.AIP_STORAGE_URI);
    const name = object.startsWith("/") ? object.slice(1) : `${prefix}/${object}`;
    const url = `${process.env.STORAGE_EMULATOR_HOST}/storage/v1/b/${object.startsWith("/") ? "acme-models" : bucket}/o/${encodeURIComponent(name)}?alt=media`;
    const response = await fetch(url);
    return { predictions: [response.status, response.ok ? await response.text() : ""] };
  },
};

async function answer(request) {
  if (request.url === AIP_HEALTH_ROUTE) return { status: FAKE_MODE === "unhealthy" ? 204 : 200, body: "" };
  if (request.url !== AIP_PREDICT_ROUTE) return { status: 404, body: "no such route" };
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const type = request.headers["content-type"];
  if (type !== "application/json") return { status: 202, type, body: body.toReversed() };
  const { instances, parameters = {} } = JSON.parse(body);
  if (parameters.reply === "error") return { status: 500, body: '{"error": "three features expected"}' };
  if (parameters.reply === "picky" && instances.includes("bad"))
    return { status: 422, body: '{"detail": "it isn\'t good"}' };
  if (parameters.reply === "NaN") return { status: 200, body: '{"predictions": [NaN]}' };
  const reply = replies[parameters.reply] ?? (() => ({ predictions: instances }));
  return { status: 200, body: JSON.stringify(await reply({ ...parameters, instances })) };
}

async function respond(request, response) {
  const { status, type = "application/json", body } = await answer(request);
  response.writeHead(status, { "content-type": type }).end(body);
}

createServer((request, response) => void respond(request, response)).listen(Number(AIP_HTTP_PORT), SERVING_HOST);
