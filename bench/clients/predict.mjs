// Predicts with this package, over and over: JSON {host, project, location, endpoint, rows, seconds, concurrency} as its
// argument, JSON as its last line. Without `seconds`, one call.
import { getDeployClient } from "mlflow-deployments";

const { host, project, location, endpoint, rows, seconds, concurrency } = JSON.parse(process.argv[2]);
const client = getDeployClient("aiplatform", { config: { projectId: project, location, emulatorHost: host } });
const predict = () => client.predict({ endpoint, inputs: rowsOf(rows) });

/** Rows as given, or as many as a number says: too many for a command line. */
function rowsOf(given) {
  if (Array.isArray(given)) return given;
  return Array.from({ length: given }, (_, row) => Array.from({ length: 10 }, (__, column) => row / 8 + column));
}

if (seconds === undefined) {
  const inputs = rowsOf(rows);
  await client.predict({ endpoint, inputs: [inputs[0]] });
  const started = performance.now();
  const { predictions } = await client.predict({ endpoint, inputs });
  const time = performance.now() - started;
  console.log(JSON.stringify({ time, count: predictions.length, sum: predictions.reduce((a, b) => a + b, 0) }));
} else {
  const { predictions } = await predict();
  const started = performance.now();
  let requests = 0;
  const loop = async () => {
    while (performance.now() < started + seconds * 1000) {
      await predict();
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  console.log(JSON.stringify({ requestsPerSecond: (requests * 1000) / (performance.now() - started), predictions }));
}
