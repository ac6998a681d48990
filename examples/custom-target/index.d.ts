import type { BaseDeploymentClient } from "mlflow-deployments";
type Config = { /** The JSON file that the names are kept in. Default `deployments.json`. */ file?: string };
declare module "mlflow-deployments" {
  interface DeploymentTargets {
    "scoring-server": { client: BaseDeploymentClient<Config>; options: { config?: Config } };
  }
}
