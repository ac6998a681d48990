// Takes the registered model `iris` from MLflow to serving, asks it for a prediction, and cleans up.
//
// Where to is said by the environment: MLFLOW_TRACKING_URI, GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION and production_bucket,
// and AIPLATFORM_EMULATOR_HOST when it is the emulator rather than Google Cloud.
import { getDeployClient } from "mlflow-deployments";
import { flowers } from "./flowers.js";
import { printProgress } from "./print-progress.js";

const client = getDeployClient("aiplatform");

const { name, endpoint } = await client.createDeployment({
  name: "quickstart",
  modelUri: "models:/iris@champion",
  onProgress: printProgress,
});

const { predictions } = await client.predict({ deploymentName: name, inputs: flowers });
console.log("predict", JSON.stringify(predictions));

const deployments = await client.listDeployments();
console.log("list", JSON.stringify(deployments.map((deployment) => deployment.name)));

const { state, deployedModels } = await client.getDeployment({ name });
console.log("get", JSON.stringify({ name, state, endpoint: endpoint?.id, deployedModels }));

await client.deleteDeployment({ name });
console.log("delete", JSON.stringify({ name }));
