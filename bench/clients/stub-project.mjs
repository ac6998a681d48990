// A Vertex AI project with as many endpoints as its argument says, each with a deployment of its own, that gives out pages as
// Google does. Prints its port; GET /requests says how many requests there were since the last time. JSON {count, parent} as its argument.
import { createServer } from "node:http";

const { count, parent, ids } = JSON.parse(process.argv[2]);
const largestPage = 100;
const endpoints = Array.from({ length: count }, (_, index) => {
  const name = `deployment-${index}`;
  const deployed = { id: "1000000001", displayName: name, model: `${parent}/models/m`, modelVersionId: "1" };
  const labels = { "managed-by": "mlflow-deployments", deployment: name };
  const traffic = { [deployed.id]: 100 };
  // only the ids that are asked for have to be those that the client makes of a name
  const id = ids[name] ?? `other-${index}`;
  const times = { createTime: "2026-01-01T00:00:00Z", updateTime: "2026-01-01T00:00:00Z" };
  return {
    name: `${parent}/endpoints/${id}`,
    displayName: name,
    labels,
    deployedModels: [deployed],
    trafficSplit: traffic,
    ...times,
  };
});
const byName = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
let requests = 0;

function listPage(query) {
  const start = Number(query.get("pageToken") ?? 0);
  const size = Math.min(Number(query.get("pageSize") ?? largestPage), largestPage);
  const next = start + size;
  return { endpoints: endpoints.slice(start, next), ...(next < count && { nextPageToken: String(next) }) };
}

function respond(url) {
  const path = decodeURIComponent(url.pathname).replace(/^\/v1\//, "");
  if (path === `${parent}/endpoints`) return listPage(url.searchParams);
  if (path.startsWith(`${parent}/models/`))
    return { name: `${parent}/models/m`, versionId: "1", displayName: "m", labels: {} };
  return byName.get(path);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  let answer;
  if (url.pathname === "/requests") {
    answer = requests;
    requests = 0;
  } else {
    requests += 1;
    answer = respond(url);
  }
  const missing = { error: { code: 404, status: "NOT_FOUND", message: `There is no ${url.pathname}.` } };
  response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer ?? missing));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
