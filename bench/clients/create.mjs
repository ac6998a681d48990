// Deploys a model with this package: JSON {host, project, location, bucket, modelUri, name} as its argument, JSON as its last line.
// Another deployment of the same model goes before, untimed, so that all libraries are loaded.
import { getDeployClient } from "mlflow-deployments";

const { host, project, location, bucket, modelUri, name } = JSON.parse(process.argv[2]);
const config = { projectId: project, location, productionBucket: bucket, emulatorHost: host };
const client = getDeployClient("aiplatform", { config });
const first = `first-${name}`;
await client.createDeployment({ name: first, modelUri });
await client.deleteDeployment({ name: first });
const started = performance.now();
const { endpoint } = await client.createDeployment({ name, modelUri });
const time = performance.now() - started;
await client.deleteDeployment({ name });
console.log(JSON.stringify({ time, endpoint: endpoint.name }));
