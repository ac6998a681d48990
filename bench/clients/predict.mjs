// Predicts with this package, over and over: JSON {host, project, location, endpoint, rows, seconds, concurrency} as its
// argument, JSON as its last line. Without `seconds`, one call.
import { getDeployClient } from "mlflow-deployments";
import { repeat } from "./repeat.mjs";

const { host, project, location, endpoint, rows, seconds, concurrency } = JSON.parse(process.argv[2]);
const client = getDeployClient("aiplatform", { config: { projectId: project, location, emulatorHost: host } });
const predict = async () => (await client.predict({ endpoint, inputs: rowsOf(rows) })).predictions;

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
  console.log(JSON.stringify(await repeat(predict, { seconds, concurrency })));
}
