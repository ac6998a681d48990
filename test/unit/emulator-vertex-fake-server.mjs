// A model server for the emulator's tests: what `parameters.reply` asks for is how it answers.
import { createServer } from "node:http";

const { AIP_HTTP_PORT, AIP_PREDICT_ROUTE, AIP_HEALTH_ROUTE, FAKE_MODE, SERVING_HOST } = process.env;

console.log(`listening as ${FAKE_MODE ?? "a good server"}`);
if (FAKE_MODE === "exit") {
  console.error("no module named iris");
  process.exit(3);
}

const replies = {
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

createServer(async (request, response) => {
  if (request.url === AIP_HEALTH_ROUTE) {
    response.statusCode = FAKE_MODE === "unhealthy" ? 204 : 200;
    return response.end();
  }
  if (request.url !== AIP_PREDICT_ROUTE) return response.writeHead(404).end("no such route");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (request.headers["content-type"] !== "application/json") {
    return response.writeHead(202, { "content-type": request.headers["content-type"] }).end(Buffer.from(body).reverse());
  }
  const { instances, parameters = {} } = JSON.parse(body);
  if (parameters.reply === "error") return response.writeHead(500).end('{"error": "three features expected"}');
  if (parameters.reply === "NaN") return response.end('{"predictions": [NaN]}');
  const reply = replies[parameters.reply] ?? (() => ({ predictions: instances }));
  response.end(JSON.stringify(await reply(parameters)));
}).listen(Number(AIP_HTTP_PORT), SERVING_HOST);
