// All of a deployment's settings come from the environment: see deploy.sh.
import { getDeployClient } from "mlflow-deployments";

await getDeployClient("aiplatform").createDeployment();
