// A Vertex AI endpoint that answers at once: each prediction is the first value of its row. Prints its port. An answer is made
// once for each body, so that what a client sends again costs the same small time, whatever its size.
import { createServer } from "node:http";

const { endpoint, model } = JSON.parse(process.argv[2]);
const deployed = { id: "1000000001", displayName: "stub", model, modelVersionId: "1" };
const resources = {
  [`/v1/${endpoint}`]: {
    name: endpoint,
    displayName: "stub",
    deployedModels: [deployed],
    trafficSplit: { [deployed.id]: 100 },
    etag: "1",
  },
  [`/v1/${model}@1`]: { name: model, displayName: "stub", versionId: "1", labels: {} },
};

const answers = new Map();
let predictions = 0;

function predict(body) {
  predictions += 1;
  let answer = answers.get(body);
  if (answer === undefined) {
    const made = JSON.parse(body).instances.map((row) => row[0]);
    answer = JSON.stringify({ predictions: made, deployedModelId: deployed.id, model, modelVersionId: "1" });
    answers.set(body, answer);
  }
  return answer;
}

const [, parent] = /^(.*)\/endpoints\//.exec(endpoint);
const page = { endpoints: [resources[`/v1/${endpoint}`]] };

function respond(path, body) {
  if (path === `/v1/${parent}/endpoints`) return [200, JSON.stringify(page)];
  if (path === `/v1/${endpoint}:predict`) return [200, predict(body)];
  if (path === "/predictions") return [200, JSON.stringify(predictions)];
  if (path in resources) return [200, JSON.stringify(resources[path])];
  return [404, JSON.stringify({ error: { code: 404, status: "NOT_FOUND", message: `There is no ${path}.` } })];
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    // the Python SDK writes an @ and a colon otherwise
    const [path] = decodeURIComponent(request.url).split("?");
    const [status, answer] = respond(path, Buffer.concat(chunks).toString());
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
